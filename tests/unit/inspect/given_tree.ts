import { openLibc } from "../../../ffi/libc.ts";
import { Sys } from "../../../ffi/sys.ts";
import type { Unreadable } from "../../../inspect/task.ts";
import type { Tree } from "../../../inspect/tree.ts";
import { parseOption } from "../../../inspect/options.ts";
import { type Engine, PLAIN_PLAN } from "../../../inspect/plan.ts";

/** The facts of one task that a test is about; the others are those of a program that sleeps. */
export interface GivenTask {
  readonly pid: number;
  readonly parent?: number;
  readonly session?: number;
  readonly state?: string;
  readonly tracer?: number;
  readonly kernelThread?: boolean;
  readonly coreDumping?: boolean;
  readonly sigPnd?: bigint;
  readonly exitCode?: number;
  readonly seccomp?: number;
  readonly threads?: readonly number[];
  /** Texts of files of /proc/PID. */
  readonly files?: Readonly<Record<string, string>>;
  readonly unreadable?: readonly Unreadable[];
}

/** What a test says of the caller and the plan. */
export interface GivenSurroundings {
  readonly options?: readonly string[];
  readonly engine?: Engine;
  readonly ancestors?: readonly number[];
  readonly seccomp?: number;
  /** Ids of probes that say SUPPORTED; all others say nothing. */
  readonly features?: readonly string[];
  /** Kinds of namespaces that are part of the dump. */
  readonly dumps?: readonly string[];
}

/** Opened once: a library that a test opens would count as left behind. */
const LIBC = openLibc();
LIBC.small?.("getpid"); // opens libc once more: here, since within a test it would be left open

/** A tree of tasks in the order of their list, the first one the root. Nothing of it is read from the machine. */
export function givenTree(given: readonly GivenTask[], around: GivenSurroundings): Tree {
  const tasks = given.map(task);
  for (const [i, { parent }] of given.entries()) {
    const above = tasks.find(({ pid }) => pid === parent);
    if (!above) continue;
    tasks[i]!.parent = above;
    above.children.push(tasks[i]!);
  }
  // No such process: whether it may be traced says nothing.
  const sys = new Sys({ ...LIBC, syscall: () => -38 /* ENOSYS */ }, []);
  const tree = {
    root: tasks[0],
    tasks,
    living: tasks.filter(({ zombie }) => !zombie),
    task: (pid: number) => tasks.find((one) => one.pid === pid),
    dumps: (kind: string) => around.dumps?.includes(kind) ?? false,
    growing: false,
    withoutChildren: false,
    stops: null,
    unreadable: tasks.flatMap(({ unreadable }) => unreadable),
    around: {
      sys,
      host: { sysctl: () => undefined, link: () => undefined },
      caller: {
        ancestors: new Set(around.ancestors ?? []),
        status: { seccomp: around.seccomp ?? 0 },
        has: () => true,
        euid: 0,
        mountinfo: [],
        cgroup: [],
        ns: () => null,
      },
      criu: { version: "4.2.1", path: null },
      plan: {
        ...PLAIN_PLAN,
        engine: around.engine ?? "CRIU",
        options: (around.options ?? []).map((text) => ({ ...parseOption(text), from: "command line" })),
      },
    },
  };
  return tree as unknown as Tree;
}

function task(given: GivenTask) {
  const { pid, session = pid, state = "S", kernelThread = false, threads = [pid] } = given;
  const status = {
    name: "sleeper",
    state,
    pid,
    tgid: pid,
    tracer: given.tracer ?? 0,
    threads: threads.length,
    sigPnd: given.sigPnd ?? 0n,
    shdPnd: 0n,
    seccomp: given.seccomp ?? 0,
    seccompFilters: given.seccomp === 2 ? 1 : 0,
    coreDumping: given.coreDumping ?? false,
    kthread: kernelThread,
    nsPids: [pid],
    nsSids: [session],
    uids: [0, 0, 0, 0],
  };
  return {
    pid,
    id: `${pid}@1`,
    name: "sleeper",
    parent: null as unknown,
    children: [] as unknown[],
    kernelThread,
    zombie: state === "Z",
    status,
    stat: { pid, session, start: "1", exitCode: given.exitCode ?? 0, flags: 0 },
    threads: threads.map((tid) => ({
      tid,
      status: tid === pid || state !== "Z" ? { ...status, pid: tid } : { ...status, pid: tid, state: "S" },
    })),
    cgroup: [],
    unreadable: [...(given.unreadable ?? [])],
    ns: () => null,
    fact: (name: string, read: (dir: { text(name: string): string }) => unknown) => {
      const files = given.files ?? {};
      return files[name] === undefined ? null : read({ text: (file) => files[file]! });
    },
  };
}
