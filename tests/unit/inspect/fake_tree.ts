/** Just enough of a tree for one judge: facts as they are given, and the real kernel below. */
import { openLibc } from "../../../ffi/libc.ts";
import { Sys } from "../../../ffi/sys.ts";
import { ProcDir } from "../../../proc/dir.ts";
import { type Mount, parseMountinfo } from "../../../proc/mountinfo.ts";
import { PLAIN_PLAN } from "../../../inspect/plan.ts";
import { parseOption } from "../../../inspect/options.ts";
import { Report } from "../../../inspect/report.ts";
import type { Task } from "../../../inspect/task.ts";
import type { Tree } from "../../../inspect/tree.ts";

/** What a fake tree is told. */
export interface Facts {
  /** Text of the caller's mountinfo; its real one by default. */
  readonly mountinfo?: string;
  /** Options of the plan, such as `--link-remap`. */
  readonly options?: readonly string[];
  readonly capabilities?: readonly string[] | "all";
}

const MOUNT_NAMESPACE = 4026531841;
/** Opened once: a library that a test opens would count as left behind. */
const LIBC = { ...openLibc(), getenv: () => undefined };
LIBC.small?.("getpid"); // opens libc once more: here, since within a test it would be left open

/** A tree of one task, which is this process. */
export function fakeTree(facts: Facts = {}): Tree {
  const sys = new Sys(LIBC, []);
  const { capabilities = "all" } = facts;
  const mountinfo: Mount[] = parseMountinfo(facts.mountinfo ?? Deno.readTextFileSync("/proc/self/mountinfo"));
  const caller = {
    pid: Deno.pid,
    euid: Deno.uid(),
    ns: () => MOUNT_NAMESPACE,
    mountinfo,
    has: (name: string) => capabilities === "all" || capabilities.includes(name),
    stat: { ppid: Deno.ppid },
  };
  const options = (facts.options ?? []).map((text) => ({ ...parseOption(text), from: "command line" }));
  const task = {
    pid: Deno.pid,
    kernelThread: false,
    zombie: false,
    ns: () => MOUNT_NAMESPACE,
    mountinfo,
    unreadable: [],
    dir: ProcDir.open(sys, "/proc/self"),
    stat: { session: 1, ttyNr: 0, tpgid: -1 },
    status: { nsPids: [Deno.pid], nsSids: [1] },
    threads: [],
  };
  const tree = {
    around: {
      sys,
      host: { release: "6.18.0" },
      caller,
      criu: { version: "4.2.1", path: null },
      plan: { ...PLAIN_PLAN, options },
    },
    root: task,
    tasks: [task],
    living: [task],
    dumps: () => false,
    task: (pid: number) => pid === Deno.pid ? task : undefined,
    thread: (tid: number) => tid === Deno.pid ? task : undefined,
    use: () => {},
    [Symbol.dispose]: () => task.dir[Symbol.dispose](),
  };
  return tree as unknown as Tree;
}

/** The only task of a fake tree. */
export function taskOf(tree: Tree): Task {
  return tree.root;
}

/** A report of it. */
export function reportOf(tree: Tree): Report {
  return new Report(tree);
}
