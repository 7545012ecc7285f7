import { SysError } from "../ffi/errno.ts";
import { type CgroupLine, parseCgroup } from "../proc/cgroup.ts";
import { parseChildren } from "../proc/children.ts";
import type { ProcDir } from "../proc/dir.ts";
import { ProcParseError } from "../proc/error.ts";
import { type Limits, parseLimits } from "../proc/limits.ts";
import { type Mapping, parseMaps } from "../proc/maps.ts";
import { type Mount, parseMountinfo } from "../proc/mountinfo.ts";
import { type NsKind, parseNsLink } from "../proc/ns.ts";
import type { TaskStat } from "../proc/task_stat.ts";
import { parseTaskStatus, type TaskStatus } from "../proc/task_status.ts";
import { type IdRange, parseIdMap } from "../proc/uid_map.ts";
import { GoneError } from "./gone.ts";

/** What could not be read; the rules that rest on it are not judged. */
export interface Unreadable {
  /** Such as `/proc/4711/maps`. */
  readonly path: string;
  /** The errno's name, or `EBADMSG` for a file of another form than is known. */
  readonly errno: string;
  /** What would have made it readable, a noun phrase; null where nothing is known. */
  readonly needs: string | null;
}

/** What a task needs of the tree that it is part of. */
export interface TaskSource {
  /** The open folder of a process, which is closed when many others have been opened since. Throws `GoneError`. */
  dir(task: Task): ProcDir;
}

/** One thread of a task. */
export interface Thread {
  readonly tid: number;
  readonly status: TaskStatus;
}

/**
 * One task of a tree and its facts, read when they are first asked for and kept. A fact that cannot be read is
 * null, and said once in `unreadable`. Throws `GoneError` where the task has ended.
 */
export class Task {
  readonly #source: TaskSource;
  readonly #facts = new Map<string, unknown>();
  readonly children: Task[] = [];
  /** What could not be read. */
  readonly unreadable: Unreadable[] = [];

  constructor(
    source: TaskSource,
    readonly pid: number,
    /** Null for the root of the tree. */
    readonly parent: Task | null,
    /** As it was when the task was found; its start time guards against pid reuse. */
    readonly stat: TaskStat,
    /** As it was when the task was found. */
    readonly status: TaskStatus,
  ) {
    this.#source = source;
  }

  /** The open folder /proc/PID. Throws `GoneError`. */
  get dir(): ProcDir {
    return this.#source.dir(this);
  }

  /** `PID@START`: never a reused pid. */
  get id(): string {
    return `${this.pid}@${this.stat.start}`;
  }

  /** The name, as the kernel escapes it. */
  get name(): string {
    return this.status.name;
  }

  /** A zombie has no memory, files or namespaces left: only its exit code. */
  get zombie(): boolean {
    return this.status.state === "Z" || this.status.state === "X";
  }

  get kernelThread(): boolean {
    return this.status.kthread || (this.stat.flags & 0x00200000) !== 0;
  }

  /**
   * A fact by a name of its own, read once. `needs` says what would make it readable where it is refused (EACCES,
   * EPERM). Returns null, and remembers why, where the kernel gives an error.
   */
  fact<T>(name: string, read: (dir: ProcDir) => T, needs: string | null = PTRACE): T | null {
    if (this.#facts.has(name)) return this.#facts.get(name) as T | null;
    let value: T | null;
    try {
      value = read(this.dir);
    } catch (error) {
      value = null;
      if (error instanceof SysError) {
        if (error.code === "ESRCH") throw new GoneError(this.pid);
        const refused = error.code === "EACCES" || error.code === "EPERM";
        this.unreadable.push({ path: `/proc/${this.pid}/${name}`, errno: error.code, needs: refused ? needs : null });
      } else if (error instanceof ProcParseError) {
        this.unreadable.push({ path: `/proc/${this.pid}/${name}`, errno: "EBADMSG", needs: null });
      } else throw error;
    }
    this.#facts.set(name, value);
    return value;
  }

  /** The threads that were found, the leader first. */
  get threads(): readonly Thread[] {
    return this.fact("task", (dir) => {
      const threads: Thread[] = [];
      for (const name of dir.names("task")) {
        const tid = Number(name);
        if (tid === this.pid) threads.unshift({ tid, status: this.status });
        else {
          const status = unlessGone(() => parseTaskStatus(dir.text(`task/${tid}/status`)));
          if (status) threads.push({ tid, status });
        }
      }
      return threads;
    }, null) ?? [];
  }

  /** Pids of the children of all threads, as the kernel has them now: not kept. */
  childPids(): number[] | null {
    try {
      const { dir } = this;
      // Mostly there is one thread, and the number is in status.
      if (this.status.threads <= 1) return parseChildren(dir.text(`task/${this.pid}/children`));
      return dir.names("task").flatMap((tid) =>
        parseChildren(unlessGone(() => dir.text(`task/${tid}/children`)) ?? "")
      );
    } catch (error) {
      if (error instanceof SysError && error.code === "ENOENT") return null;
      throw error;
    }
  }

  /** The lines of /proc/PID/maps; null where they cannot be read. */
  get maps(): readonly Mapping[] | null {
    return this.fact("maps", (dir) => parseMaps(dir.text("maps")));
  }

  get mountinfo(): readonly Mount[] | null {
    return this.fact("mountinfo", (dir) => parseMountinfo(dir.text("mountinfo")));
  }

  get cgroup(): readonly CgroupLine[] | null {
    return this.fact("cgroup", (dir) => parseCgroup(dir.text("cgroup")), null);
  }

  get uidMap(): readonly IdRange[] | null {
    return this.fact("uid_map", (dir) => parseIdMap(dir.text("uid_map")));
  }

  get gidMap(): readonly IdRange[] | null {
    return this.fact("gid_map", (dir) => parseIdMap(dir.text("gid_map")));
  }

  /** The inode of a namespace; null where it cannot be read, or the kernel has no such kind. */
  ns(kind: NsKind | "pid_for_children" | "time_for_children"): number | null {
    return this.fact(`ns/${kind}`, (dir) => absent(() => parseNsLink(dir.link(`ns/${kind}`))));
  }

  /** Soft limits; null where they cannot be read. */
  get limits(): Limits | null {
    return this.fact("limits", (dir) => parseLimits(dir.text("limits")), null);
  }

  /** A symbolic link such as `exe`, `cwd`, `root`. */
  link(name: "exe" | "cwd" | "root"): string | null {
    return this.fact(name, (dir) => dir.link(name));
  }

  /** A file that holds one line, trimmed. */
  line(name: string, needs: string | null = PTRACE): string | null {
    return this.fact(name, (dir) => dir.text(name).trim(), needs);
  }
}

/** What most of /proc/PID needs for a task of somebody else (ptrace(2), "access mode checking"). */
export const PTRACE = "CAP_SYS_PTRACE";

/** Undefined for what has ended since it was listed. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SysError && (error.code === "ENOENT" || error.code === "ESRCH")) return undefined;
    throw error;
  }
}

/** Null for a kind of file that this kernel does not have. */
function absent<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof SysError && error.code === "ENOENT") return null;
    throw error;
  }
}
