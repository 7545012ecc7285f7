import { SysError } from "../ffi/errno.ts";
import type { Sys } from "../ffi/sys.ts";
import type { Host } from "../host/host.ts";
import { ProcDir } from "../proc/dir.ts";
import { ProcParseError } from "../proc/error.ts";
import { NS_KINDS, type NsKind } from "../proc/ns.ts";
import { parseTaskStat } from "../proc/task_stat.ts";
import { parseTaskStatus } from "../proc/task_status.ts";
import type { RuleId } from "../rules/registry.ts";
import type { Caller } from "./caller.ts";
import type { CriuVersion } from "./criu_version.ts";
import { GoneError } from "./gone.ts";
import type { DumpPlan } from "./plan.ts";
import { type Stops, stopThreads } from "./stop.ts";
import { Task, type TaskSource, type Unreadable } from "./task.ts";

/** Folders of processes that are open at a time; a limit of 1024 descriptors is common. */
const OPEN_FOLDERS = 200;
/** criu looks for new children so often, too. */
const PASSES = 6;

/** What an inspection rests on beside the tree itself. */
export interface Surroundings {
  readonly sys: Sys;
  readonly host: Host;
  /** In whose place criu would be started. */
  readonly caller: Caller;
  readonly criu: CriuVersion;
  readonly plan: DumpPlan;
  /** Whether the threads may be stopped for a moment to see what nothing else shows. */
  readonly stop: boolean;
}

/** There is no such process, or it is none that can be a tree's root. */
export class NoTreeError extends Error {
  override readonly name = "NoTreeError";
  /** What criu would meet. */
  readonly rule: RuleId = "tree-root-gone";
}

/** The tasks that a dump of one root would take: the root and all that descends from it, in criu's order. */
export class Tree implements TaskSource, Disposable {
  readonly #open = new Map<Task, ProcDir>();
  readonly #byPid = new Map<number, Task>();
  /** Depth first, as criu takes them: a task before its children. */
  readonly tasks: Task[] = [];
  /** What could not be read of any task. */
  get unreadable(): Unreadable[] {
    return this.tasks.flatMap(({ unreadable }) => unreadable);
  }
  /** Whether new tasks were still found when the looking ended. */
  readonly growing: boolean;
  readonly root: Task;

  /** Reads who belongs to the tree. Throws `NoTreeError`. */
  constructor(readonly around: Surroundings, pid: number) {
    this.root = this.#root(pid);
    this.#add(this.root);
    this.growing = this.#collect();
    this.#sort();
  }

  /** The task of a pid, if it belongs to the tree. */
  task(pid: number): Task | undefined {
    return this.#byPid.get(pid);
  }

  /** Tasks that are no zombies: those that have memory, files and namespaces. */
  get living(): Task[] {
    return this.tasks.filter((task) => !task.zombie);
  }

  #stops: Stops | null | undefined;
  /** What stopping the threads showed; null where that was not asked for. They are stopped at the first call. */
  get stops(): Stops | null {
    if (this.#stops === undefined) this.#stops = this.around.stop ? stopThreads(this.around.sys, this) : null;
    return this.#stops;
  }

  #tids: Map<number, Task> | undefined;
  /** The task of a thread, if it belongs to the tree. */
  thread(tid: number): Task | undefined {
    this.#tids ??= new Map(this.tasks.flatMap((task) => task.threads.map((thread) => [thread.tid, task])));
    return this.#tids.get(tid);
  }

  /** Whether the root has a namespace of its own, other than the caller's: then it is part of the dump. */
  dumps(kind: NsKind): boolean {
    const inside = this.root.ns(kind), outside = this.around.caller.ns(kind);
    return inside !== null && outside !== null && inside !== outside;
  }

  /** The kinds of namespaces that are part of the dump. */
  get dumped(): NsKind[] {
    return NS_KINDS.filter((kind) => this.dumps(kind));
  }

  dir(task: Task): ProcDir {
    const open = this.#open.get(task);
    if (open) return open;
    const dir = this.#openDir(task.pid, task.stat.start);
    if (!dir) throw new GoneError(task.pid);
    this.#keep(task, dir);
    return dir;
  }

  #keep(task: Task, dir: ProcDir): void {
    this.#open.set(task, dir);
    if (this.#open.size <= OPEN_FOLDERS) return;
    const [oldest, folder] = this.#open.entries().next().value!;
    this.#open.delete(oldest);
    folder[Symbol.dispose]();
  }

  /** Opens /proc/PID; undefined where it is gone, or the number has been used again. */
  #openDir(pid: number, start: string): ProcDir | undefined {
    try {
      const dir = ProcDir.open(this.around.sys, `/proc/${pid}`);
      if (parseTaskStat(dir.text("stat")).start === start) return dir;
      dir[Symbol.dispose]();
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
    }
    return undefined;
  }

  #root(pid: number): Task {
    const { sys } = this.around;
    let dir: ProcDir;
    try {
      dir = ProcDir.open(sys, `/proc/${pid}`);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      throw new NoTreeError(this.#absent(pid, error));
    }
    try {
      const task = this.#read(pid, dir, null);
      if (task.status.tgid !== pid) {
        throw new NoTreeError(`${pid} is a thread of process ${task.status.tgid}: name that`);
      }
      this.#keep(task, dir);
      return task;
    } catch (error) {
      dir[Symbol.dispose]();
      if (error instanceof SysError) throw new NoTreeError(`Process ${pid} ended while it was looked at`);
      throw error;
    }
  }

  #absent(pid: number, error: SysError): string {
    const EPERM = -1;
    if (error.code === "ENOENT") {
      const killed = this.around.sys.try("kill", pid, 0);
      return killed === 0 || killed === EPERM
        ? `Process ${pid} is there, but /proc does not show it: mounted with hidepid, or of another pid namespace`
        : `There is no process ${pid}`;
    }
    return `Cannot open /proc/${pid}: ${error.code}`;
  }

  #read(pid: number, dir: ProcDir, parent: Task | null): Task {
    return new Task(this, pid, parent, parseTaskStat(dir.text("stat")), parseTaskStatus(dir.text("status")));
  }

  #add(task: Task): void {
    this.#byPid.set(task.pid, task);
    task.parent?.children.push(task);
  }

  /** Looks for children until a pass finds no new ones; returns whether it gave up. */
  #collect(): boolean {
    let look = [this.root];
    for (let pass = 0; pass < PASSES; pass++) {
      const found: Task[] = [];
      // A list that grows while it is walked: no recursion, since a tree may be thousands of tasks deep.
      const walk = [...look];
      for (const task of walk) {
        for (const child of this.#newChildren(task)) {
          found.push(child);
          walk.push(child);
        }
      }
      if (pass > 0 && found.length === 0) return false;
      look = [...this.#byPid.values()];
    }
    return true;
  }

  #newChildren(task: Task): Task[] {
    if (task.zombie || task.kernelThread) return [];
    let pids: number[] | null;
    try {
      pids = task.childPids();
    } catch (error) {
      if (error instanceof GoneError || error instanceof SysError || error instanceof ProcParseError) return [];
      throw error;
    }
    if (pids === null) {
      this.withoutChildren = true;
      return [];
    }
    return pids.filter((pid) => !this.#byPid.has(pid)).flatMap((pid) => this.#child(pid, task) ?? []);
  }

  /** Whether a task has executed another program since it was found, or has children that were not found. */
  changed(): boolean {
    return this.tasks.some((task) => {
      if (task.zombie || task.kernelThread) return false;
      try {
        const { startCode, comm } = parseTaskStat(task.dir.text("stat"));
        if (startCode !== task.stat.startCode || comm !== task.stat.comm) return true;
        return (task.childPids() ?? []).some((pid) => !this.#byPid.has(pid));
      } catch (error) {
        if (error instanceof GoneError || error instanceof SysError || error instanceof ProcParseError) return true;
        throw error;
      }
    });
  }

  /** Whether the kernel has no `children` files (CONFIG_PROC_CHILDREN): then the tree is not known. */
  withoutChildren = false;

  #child(pid: number, parent: Task): Task | undefined {
    try {
      const dir = ProcDir.open(this.around.sys, `/proc/${pid}`);
      try {
        const task = this.#read(pid, dir, parent);
        this.#add(task);
        this.#keep(task, dir);
        return task;
      } catch (error) {
        dir[Symbol.dispose]();
        throw error;
      }
    } catch (error) {
      if (error instanceof SysError || error instanceof ProcParseError) return undefined;
      throw error;
    }
  }

  #sort(): void {
    const stack = [this.root];
    for (let task; (task = stack.pop());) {
      this.tasks.push(task);
      for (let i = task.children.length - 1; i >= 0; i--) stack.push(task.children[i]!);
    }
  }

  readonly #used: Disposable[] = [];
  /** Leaves something to the tree that has to be closed with it. */
  use(resource: Disposable): void {
    this.#used.push(resource);
  }

  [Symbol.dispose](): void {
    for (const one of this.#used.splice(0)) one[Symbol.dispose]();
    for (const dir of this.#open.values()) dir[Symbol.dispose]();
    this.#open.clear();
  }
}
