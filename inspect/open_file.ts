import type { Statx } from "../proc/statx.ts";
import { fdFlags, fdMount } from "../proc/fdinfo.ts";
import type { Task } from "./task.ts";

/** How the link in /proc/PID/fd shows a file: by a path, or by the kind of what has none. */
export type LinkKind = "PATH" | "SOCKET" | "PIPE" | "ANON" | "NAMESPACE" | "OTHER";

/** What a descriptor needs of the table that it is in. */
export interface FileSource {
  readonly task: Task;
  statx(file: OpenFile): Statx | null;
  fileSystem(fd: number): number | null;
}

const NAMESPACE = /^(?:net|uts|ipc|pid|user|mnt|time|cgroup):\[\d+\]$/;

function kindOf(link: string): LinkKind {
  if (link.startsWith("/")) return "PATH";
  if (link.startsWith("socket:[")) return "SOCKET";
  if (link.startsWith("pipe:[")) return "PIPE";
  if (link.startsWith("anon_inode:")) return "ANON";
  return NAMESPACE.test(link) ? "NAMESPACE" : "OTHER";
}

/** One descriptor of a task; what is behind it is read when it is asked for. */
export class OpenFile {
  readonly #source: FileSource;
  constructor(
    source: FileSource,
    readonly fd: number,
    /** Where the link in /proc/PID/fd points to; empty for a path longer than the kernel shows (PATH_MAX). */
    readonly link: string,
  ) {
    this.#source = source;
    this.kind = kindOf(link);
  }

  readonly kind: LinkKind;

  /** Whose it is; of tasks that share a table of descriptors, the first. */
  get task(): Task {
    return this.#source.task;
  }

  /** The inode that a link such as `pipe:[1057]` names; null for a path. */
  get linkInode(): number | null {
    const found = /^[a-z]+:\[(\d+)\]$/.exec(this.link);
    return found ? Number(found[1]) : null;
  }

  #stat: Statx | null | undefined;
  /** statx(2) through the link; null where the descriptor is closed by now, or may not be followed. */
  get stat(): Statx | null {
    if (this.#stat === undefined) this.#stat = this.#source.statx(this);
    return this.#stat;
  }

  /**
   * The text of /proc/PID/fdinfo/FD, set by who has read the table. Null where it cannot be read, and of a socket under
   * all but its first number in the table.
   */
  info: string | null = null;

  /** Flags as in open(2); null where they cannot be read. */
  get flags(): number | null {
    return fdFlags(this.info ?? "") ?? null;
  }

  /** The mount that it was opened on, as in mountinfo; null where the kernel does not tell. */
  get mount(): number | null {
    return this.stat?.mount ?? fdMount(this.info ?? "") ?? null;
  }

  /** The magic number of its file system (linux/magic.h); null where it cannot be asked. */
  get fileSystem(): number | null {
    return this.#source.fileSystem(this.fd);
  }
}
