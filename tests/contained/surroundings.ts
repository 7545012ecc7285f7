/** Asks for everything in some surroundings: cready for all its checks, and an independent program for the truth. */
import { PROBES } from "../../probes/registry.ts";
import { BINARY, PATH, type Result, ROOT, run } from "../cli/binary.ts";
import { contained, type ContainerOptions } from "./container.ts";
import type { Profile } from "./seccomp.ts";

/** A finding as `check --json` prints it, with what else the document says of it. */
export interface Printed {
  readonly feature: {
    readonly id: string;
    readonly criuName: string | null;
    readonly category: { readonly name: string } | null;
  };
  readonly verdict: "SUPPORTED" | "UNSUPPORTED" | "BLOCKED" | "INCONCLUSIVE";
  readonly reason: string | null;
  readonly evidence: readonly { readonly call: string; readonly answer: string; readonly errno: string | null }[];
  readonly remedies: readonly {
    readonly cause: string;
    readonly why: string;
    readonly text: string;
    readonly command: string | null;
  }[];
  readonly criuDiffers: { readonly verdict: Printed["verdict"]; readonly why: string } | null;
}

/** What is at a path. */
interface Path {
  readonly refused: string | null;
  readonly readOnly: boolean | null;
  readonly noDevices: boolean | null;
}

/** What truth.py prints. */
export interface Truth {
  readonly facts: {
    readonly uid: number;
    readonly capabilities: number;
    readonly seccomp: number;
    readonly userns: string | null;
    readonly owned: Readonly<Record<string, boolean | null>>;
    readonly loopback: boolean | null;
    readonly processesOnly: boolean;
    /** What of `PATHS` cannot be opened for writing, and why; what is on a read-only file system. */
    readonly paths: Readonly<Record<string, Path>>;
    readonly sysctls: Readonly<Record<string, string>>;
  };
  readonly can: Readonly<Record<string, string | null>>;
}

/** All that was found in some surroundings. */
export interface Examination {
  readonly byId: ReadonlyMap<string, Printed>;
  readonly results: readonly Result[];
  readonly truth: Truth;
  /** What the real criu says of each feature, if it was asked, and what cready then says of each. */
  readonly criu: ReadonlyMap<string, boolean> | undefined;
  readonly named: readonly Printed[];
}

/** Runs a program in some surroundings; `ownRun`: with a /run that nobody else sees. */
export type Enter = (argv: readonly string[], ownRun?: boolean) => Promise<Result>;

/** Where everybody may read it: the program, the real criu, and the scripts of these tests. */
const folder = await Deno.makeTempDir({ prefix: "cready-contained-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await Deno.chmod(folder, 0o755);
for (const path of [BINARY, `${ROOT}/tests/contained/truth.py`, `${ROOT}/tests/contained/filter.py`]) {
  const copy = `${folder}/${path.slice(path.lastIndexOf("/") + 1)}`;
  await Deno.copyFile(path, copy);
  await Deno.chmod(copy, 0o755);
}

const environment = { PATH, LC_ALL: "C" };
/** The seven that only `--feature` reaches, and what is left out of a category on this machine. */
const others = PROBES.filter(({ category, appliesHere }) => category === null || appliesHere).map(({ id }) => id);

const OWN_RUN = ["unshare", "-m", "sh", "-e", "-c", 'mount -t tmpfs -o mode=755 none /run; exec "$0" "$@"'];

/** Words before the program's own. */
export function through(...words: readonly string[]): Enter {
  return (argv, ownRun = false) => run([...(ownRun ? OWN_RUN : []), ...words, ...argv], { cwd: "/" });
}

/** In a mount namespace of its own, in which a shell does `preparation` first. */
export function mounted(preparation: string, ...words: readonly string[]): Enter {
  return through("unshare", "-m", "sh", "-e", "-c", `${preparation}\nexec "$0" "$@"`, ...words);
}

/** Under seccomp filters. */
export function filtered(...profiles: readonly Profile[]): Enter {
  return through("python3", `${folder}/filter.py`, ...profiles.map((one) => JSON.stringify(one)), "--");
}

/** In a container that runc makes. */
export function container(options: Omit<ContainerOptions, "folders" | "env">): Enter {
  return (argv) => contained(argv, { ...options, folders: [folder], env: environment });
}

/** In a sandbox of bubblewrap with namespaces of its own, started through these words. */
export function sandboxed(...words: readonly string[]): Enter {
  const own = ["--unshare-all", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/run"];
  return through(...words, "bwrap", "--ro-bind", "/", "/", ...own, "--");
}

/** Asks for all 66 checks, and tries for itself; the real criu is asked for these features. */
export async function examine(enter: Enter, criuNames: readonly string[] = []): Promise<Examination> {
  const cready = (...words: string[]) => enter([`${folder}/cready`, "check", ...words, "--json"]);
  const [all, rest, truth, criu, asNamed] = await Promise.all([
    cready("--all"),
    cready("--feature", others.join(",")),
    enter(["python3", `${folder}/truth.py`, ...named("--sysctl", SYSCTLS), ...named("--path", PATHS)]),
    criuNames.length > 0 ? askCriu(enter, criuNames) : undefined,
    criuNames.length > 0 ? cready("--feature", criuNames.join(",")) : undefined,
  ]);
  const report = parse(all) as { findings: Printed[] };
  return {
    byId: new Map([...report.findings, ...features(rest)].map((one) => [one.feature.id, one])),
    named: asNamed ? features(asNamed) : [],
    results: [all, rest, ...(asNamed ? [asNamed] : [])],
    truth: parse(truth) as Truth,
    criu,
  };
}

/** The findings in the document of `--feature … --json`. */
function features(result: Result): Printed[] {
  const printed = parse(result) as (Printed["feature"] & { finding: Omit<Printed, "feature"> })[];
  return printed.map(({ finding, ...feature }) => ({ ...finding, feature }));
}

/** Those by which a cause may be verified. */
const SYSCTLS = [
  ...PROBES.flatMap(({ rights }) => rights.flatMap((one) => "sysctl" in one ? [one.sysctl.replaceAll("/", ".")] : [])),
  ...["user", "pid", "net", "mnt", "cgroup", "time"].map((kind) => `user.max_${kind}_namespaces`),
];
const PATHS = [
  "/proc/sys/kernel/ns_last_pid",
  "/proc/sys/kernel/sem_next_id",
  "/proc/self/timens_offsets",
  "/proc/self/loginuid",
  "/proc/self/clear_refs",
  "/dev/net/tun",
  "/dev/ptmx",
];

function named(option: string, values: readonly string[]): string[] {
  return [...new Set(values)].flatMap((value) => [option, value]);
}

function parse({ stdout, stderr, code }: Result): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`no document, but exit code ${code}:\n${stdout}${stderr}`);
  }
}

/** The words that run the real criu, from a copy that everybody may read. */
let criu: Promise<readonly string[]> | undefined;

async function copyCriu(): Promise<readonly string[]> {
  const { code, stdout, stderr } = await run([`${ROOT}/scripts/criu`, "--argv"], {
    env: { HOME: Deno.env.get("HOME") ?? "/" },
  });
  if (code !== 0) throw new Error(`The real criu could not be fetched, and these tests compare with it: ${stderr}`);
  const words = stdout.trimEnd().split("\n");
  // The loader, the option that names the folder with its libraries, that folder, and the program.
  const [loader, option, libraries, program] = words as [string, string, string, string];
  for (const path of [libraries, program]) await run(["cp", "-r", path, `${folder}/`]);
  const copy = (path: string) => `${folder}/${path.slice(path.lastIndexOf("/") + 1)}`;
  return [`${copy(libraries)}/${loader.slice(loader.lastIndexOf("/") + 1)}`, option, copy(libraries), copy(program)];
}

/**
 * What the real criu says of each feature. Its cache of answers, which it keeps for all callers whatever their rights,
 * goes to a /run that nobody else sees, or nowhere.
 */
async function askCriu(enter: Enter, names: readonly string[]): Promise<Map<string, boolean>> {
  const script = `
    unprivileged=$(test "$(id -u)" = 0 || echo --unprivileged)
    for name in ${names.join(" ")}; do
      said=$("$0" "$@" $unprivileged check --feature $name 2>/dev/null) && test "$said" = "$name is supported" &&
        echo $name yes || echo $name no
    done`;
  const { stdout, stderr, code } = await enter(["sh", "-c", script, ...await (criu ??= copyCriu())], true);
  if (code !== 0) throw new Error(`criu was not asked: exit code ${code}: ${stderr}`);
  return new Map(
    stdout.trimEnd().split("\n").map((line) => {
      const [name, answer] = line.split(" ");
      return [name!, answer === "yes"];
    }),
  );
}
