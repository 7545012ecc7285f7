import { SysError } from "../../ffi/errno.ts";
import { entries, tryReadText } from "../../ffi/files.ts";
import type { Sys } from "../../ffi/sys.ts";
import type { OciRuntime } from "./profile.ts";

/** A container as its OCI runtime keeps it. */
export interface Container {
  readonly id: string;
  readonly runtime: OciRuntime;
  /** The file that tells of it. */
  readonly source: string;
  /** Its first process. */
  readonly pid: number;
  /** Its root file system as the host has it. */
  readonly rootfs: string;
  readonly mounts: readonly { readonly destination: string; readonly kind: "bind" | "cgroup" | "other" }[];
  readonly maskedPaths: readonly string[];
  readonly devices: readonly string[];
  /** Namespaces that were made by somebody else, by criu's name of their kind. */
  readonly namespaces: readonly { readonly kind: string; readonly path: string }[];
  readonly ownCgroupNamespace: boolean;
  /** The annotation `org.criu.config`; null where it has none. */
  readonly criuConfig: string | null;
}

/** Folders in which runtimes keep a folder for each container, and how deep. */
const ROOTS: readonly (readonly [path: string, depth: number])[] = [
  ["/run/runc", 1],
  ["/run/crun", 1],
  ["/run/containerd/runc", 2],
  ["/run/docker/runtime-runc", 2],
  ["/run/user/0/runc", 1],
  ["/run/user/0/crun", 1],
];
const LIMIT = 16 * 1024 * 1024;

/** The container whose first process has this pid; undefined where no runtime keeps one. `root` names one folder alone. */
export function containerOf(sys: Sys, pid: number, root?: string): Container | undefined {
  const places = root === undefined ? ROOTS : [[root, 1], [root, 2]] as const;
  for (const [path, depth] of places) {
    for (const folder of folders(sys, path, depth)) {
      const found = runcContainer(sys, folder) ?? crunContainer(sys, folder);
      if (found?.pid === pid) return found;
    }
  }
  return undefined;
}

function folders(sys: Sys, path: string, depth: number): string[] {
  if (depth === 0) return [path];
  return list(sys, path).flatMap((name) => folders(sys, `${path}/${name}`, depth - 1));
}

function list(sys: Sys, path: string): string[] {
  try {
    return entries(sys, path);
  } catch (error) {
    if (error instanceof SysError) return [];
    throw error;
  }
}

type Json = { readonly [key: string]: unknown };

function json(sys: Sys, path: string): Json | undefined {
  const text = tryReadText(sys, path, LIMIT);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as Json : undefined;
  } catch {
    return undefined;
  }
}

const object = (value: unknown): Json => (typeof value === "object" && value !== null ? value as Json : {});
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object) : []);
const texts = (
  value: unknown,
): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === "string") : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** runc's state.json. */
function runcContainer(sys: Sys, folder: string): Container | undefined {
  const source = `${folder}/state.json`;
  const state = json(sys, source);
  if (!state || typeof state.init_process_pid !== "number") return undefined;
  const config = object(state.config);
  const namespaces = objects(config.namespaces).map(({ type, path }) => ({
    kind: runcKind(text(type)),
    path: text(path),
  }));
  const label = texts(config.labels).find((one) => one.startsWith("org.criu.config="));
  return {
    id: text(state.id),
    runtime: "runc",
    source,
    pid: state.init_process_pid,
    rootfs: text(config.rootfs),
    mounts: objects(config.mounts).map(({ destination, device }) => ({
      destination: text(destination),
      kind: device === "bind" || device === "cgroup" ? device : "other",
    })),
    maskedPaths: texts(config.mask_paths),
    devices: objects(config.devices).map(({ path }) => text(path)),
    namespaces: namespaces.filter(({ path }) => path !== ""),
    ownCgroupNamespace: namespaces.some(({ kind }) => kind === "cgroup"),
    criuConfig: label === undefined ? null : label.slice("org.criu.config=".length),
  };
}

/** `NEWNET` is `net`; the mount namespace is `NEWNS`. */
function runcKind(type: string): string {
  return type === "NEWNS" ? "mnt" : type.replace(/^NEW/, "").toLowerCase();
}

const OCI_KINDS: Readonly<Record<string, string>> = { network: "net", mount: "mnt" };

/** crun's status, and the OCI configuration that it copies beside it. */
function crunContainer(sys: Sys, folder: string): Container | undefined {
  const source = `${folder}/status`;
  const state = json(sys, source);
  if (!state || typeof state.pid !== "number") return undefined;
  const config = json(sys, `${folder}/config.json`) ?? json(sys, `${text(state.bundle)}/config.json`) ?? {};
  const linux = object(config.linux);
  const namespaces = objects(linux.namespaces).map(({ type, path }) => ({
    kind: OCI_KINDS[text(type)] ?? text(type),
    path: text(path),
  }));
  const annotation = object(config.annotations)["org.criu.config"];
  return {
    id: folder.slice(folder.lastIndexOf("/") + 1),
    runtime: "crun",
    source,
    pid: state.pid,
    rootfs: text(state.rootfs).startsWith("/") ? text(state.rootfs) : `${text(state.bundle)}/${text(state.rootfs)}`,
    mounts: objects(config.mounts).map(({ destination, type, options }) => ({
      destination: text(destination),
      kind: text(type) === "cgroup"
        ? "cgroup"
        : text(type) === "bind" || texts(options).some((one) => one === "bind" || one === "rbind")
        ? "bind"
        : "other",
    })),
    maskedPaths: texts(linux.maskedPaths),
    devices: [],
    namespaces: namespaces.filter(({ path }) => path !== ""),
    ownCgroupNamespace: namespaces.some(({ kind }) => kind === "cgroup"),
    criuConfig: typeof annotation === "string" ? annotation : null,
  };
}
