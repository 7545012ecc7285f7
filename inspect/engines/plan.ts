import { SysError } from "../../ffi/errno.ts";
import { Fd } from "../../ffi/fd.ts";
import { access, readLink } from "../../ffi/files.ts";
import { struct } from "../../ffi/struct.ts";
import type { Sys } from "../../ffi/sys.ts";
import { F_OK, O_CLOEXEC, O_PATH } from "../../ffi/uapi.ts";
import { ProcDir } from "../../proc/dir.ts";
import { parseMountinfo } from "../../proc/mountinfo.ts";
import { S_IFDIR, S_IFMT, type Statx } from "../../proc/statx.ts";
import { compareVersions } from "../criu_version.ts";
import { type CriuConfig, defaultConfigs, readConfig } from "../criu_config.ts";
import type { DumpPlan, Engine, GivenCriuOption } from "../plan.ts";
import { type Container, containerOf } from "./container.ts";
import { PROFILES, RUNTIME_OPTIONS, SENT } from "./profile.ts";

/** struct open_how (linux/openat2.h). */
const OPEN_HOW = struct("open_how", 24, { flags: [0, "u64"], resolve: [16, "u64"] });
const RESOLVE_IN_ROOT = 0x10;

/** What the user says of the dump beside the process. */
export interface PlanRequest {
  readonly engine: Engine;
  /** Options of the user's own. */
  readonly with: readonly GivenCriuOption[];
  readonly preDump: boolean;
  readonly lazyPages: boolean;
  readonly leaveRunning: boolean;
  /** A folder in which an OCI runtime keeps its containers; undefined for the usual ones. */
  readonly engineRoot?: string;
}

/** A plan, and what it was made from. */
export interface PlanOf {
  readonly plan: DumpPlan;
  /** Config files that were read, in criu's order. */
  readonly configs: readonly CriuConfig[];
  readonly container: Container | null;
  /** Into which a missing option goes where it cannot be given; null for a plain criu. */
  readonly configFile: string | null;
}

/** No runtime keeps a container of this process. */
export class NoContainerError extends Error {
  override readonly name = "NoContainerError";
}

/** How a dump of a process by this version of criu would be made. Throws `NoContainerError`. */
export function planFor(sys: Sys, pid: number, request: PlanRequest, criu: string): PlanOf {
  const defaults = defaultConfigs(sys);
  const fromDefaults = defaults.flatMap(({ options }) => options);
  const { engine, preDump, lazyPages, leaveRunning } = request;
  if (engine === "CRIU") {
    const plan = { engine, preDump, lazyPages, leaveRunning, options: [...fromDefaults, ...request.with] };
    return { plan, configs: defaults, container: null, configFile: null };
  }
  const container = containerOf(sys, pid, request.engineRoot);
  if (!container) {
    throw new NoContainerError(
      `Process ${pid} is not the first process of a container that runc or crun keeps` +
        (request.engineRoot === undefined ? " below /run" : ` below ${request.engineRoot}`),
    );
  }
  const profile = PROFILES[engine];
  const configFile = configFileOf(sys, container, criu);
  const config = configFile === null ? undefined : readConfig(sys, configFile);
  const options = [
    ...fromDefaults.filter(({ name }) => !SENT[container.runtime].includes(name)),
    ...RUNTIME_OPTIONS[container.runtime].map((one) => ({ ...one, from: container.runtime })),
    ...profile.always.map((name) => ({ name, value: null, from: profile.name })),
    ...(preDump ? [] : externalsOf(sys, container)).map((value) => ({
      name: "external",
      value,
      from: container.runtime,
    })),
    ...request.with,
    ...(config?.options ?? []),
  ];
  return {
    plan: { engine, preDump, lazyPages, leaveRunning: leaveRunning || !profile.callable, options },
    configs: config ? [...defaults, config] : defaults,
    container,
    configFile: configFile ?? defaults[0]?.path ?? "/etc/criu/default.conf",
  };
}

/** The file that the runtime names to criu: its settings are stronger than its own. */
function configFileOf(sys: Sys, { runtime, criuConfig }: Container, criu: string): string | null {
  // Its library has crun name one since 4.2.
  if (runtime === "crun" && compareVersions(criu, "4.2") < 0) return null;
  if (criuConfig !== null) return criuConfig === "" ? null : criuConfig;
  const own = "/etc/criu/crun.conf";
  return runtime === "crun" && access(sys, own, F_OK) === 0 ? own : "/etc/criu/runc.conf";
}

/** What the runtime declares as external: bind mounts, masked files, devices, and namespaces made by others. */
function externalsOf(sys: Sys, container: Container): string[] {
  const { pid, runtime } = container;
  using dir = ProcDir.open(sys, `/proc/${pid}`);
  const mounted = parseMountinfo(dir.text("mountinfo"));
  const points = new Set<string>();
  for (const { destination, kind } of container.mounts) {
    if (kind === "bind") points.add(resolved(dir, sys, destination));
    if (kind === "cgroup" && (runtime === "crun" || !container.ownCgroupNamespace)) {
      for (const { type, point } of mounted) {
        if (type === "cgroup" && point.startsWith(`${destination}/`)) points.add(point);
      }
    }
  }
  for (const path of container.maskedPaths) {
    // runc looks at it in the container, crun on the host; runc leaves folders out, which are masked by a tmpfs.
    const stat = statOf(dir, sys, runtime === "runc" ? `root${path}` : path);
    if (stat && (runtime === "crun" || (stat.mode & S_IFMT) !== S_IFDIR)) points.add(path);
  }
  for (const path of container.devices) points.add(resolved(dir, sys, path));
  const namespaces = container.namespaces.flatMap(({ kind, path }) => {
    if (kind !== "net" && kind !== "pid") return [];
    const stat = statOf(dir, sys, path);
    return stat ? [`${kind}[${stat.ino}]:extRoot${kind === "net" ? "Net" : "Pid"}NS`] : [];
  });
  return [...[...points].map((point) => `mnt[${point}]:${point}`), ...namespaces];
}

/** A destination as criu sees it: symbolic links of the container are followed inside of it, such as /var/run. */
function resolved(dir: ProcDir, sys: Sys, destination: string): string {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    using root = dir.folder("root");
    const how = OPEN_HOW.pack(memory, { flags: O_PATH | O_CLOEXEC, resolve: RESOLVE_IN_ROOT });
    const opened = sys.try("openat2", root.fd, memory.cstring(destination), how, OPEN_HOW.size);
    if (opened < 0) return destination;
    using file = new Fd(sys, opened);
    const link = readLink(sys, `/proc/self/fd/${file.number}`);
    return link.startsWith("/") ? link : destination;
  } catch (error) {
    if (error instanceof SysError) return destination;
    throw error;
  } finally {
    memory.release(mark);
  }
}

function statOf(dir: ProcDir, sys: Sys, path: string): Statx | undefined {
  try {
    if (!path.startsWith("/")) return dir.statx(path);
    using root = ProcDir.open(sys, "/");
    return root.statx(path.slice(1));
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}
