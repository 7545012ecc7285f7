import type { ProcDir } from "../proc/dir.ts";
import { SysError } from "../ffi/errno.ts";
import type { Statx } from "../proc/statx.ts";
import type { Task } from "./task.ts";

/** One descriptor of a task; what is behind it is read when it is asked for. */
export class OpenFile {
  readonly #task: Task;
  readonly #dir: ProcDir;
  constructor(
    task: Task,
    dir: ProcDir,
    readonly fd: number,
    /** Where the link in /proc/PID/fd points to. */ readonly link: string,
  ) {
    this.#task = task;
    this.#dir = dir;
  }

  #stat: Statx | null | undefined;
  /** statx(2) through the link; null where the descriptor is closed by now, or may not be followed. */
  get stat(): Statx | null {
    if (this.#stat === undefined) this.#stat = this.#try(`fd/${this.fd}`, (name) => this.#dir.statx(name));
    return this.#stat;
  }

  #info: string | null | undefined;
  /** The text of /proc/PID/fdinfo/FD; null where it cannot be read. */
  get info(): string | null {
    if (this.#info === undefined) this.#info = this.#try(`fdinfo/${this.fd}`, (name) => this.#dir.text(name));
    return this.#info;
  }

  /** Flags as in open(2), octal in fdinfo; null where they cannot be read. */
  get flags(): number | null {
    const found = /^flags:\s*([0-7]+)$/m.exec(this.info ?? "");
    return found ? parseInt(found[1]!, 8) : null;
  }

  #try<T>(name: string, read: (name: string) => T): T | null {
    try {
      return read(name);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      // A descriptor that was closed meanwhile is no part of the dump either.
      if (error.code !== "ENOENT") {
        this.#task.unreadable.push({ path: `/proc/${this.#task.pid}/${name}`, errno: error.code, needs: null });
      }
      return null;
    }
  }
}

/** The descriptors of a task, by number. */
export function openFiles(task: Task): readonly OpenFile[] | null {
  return task.fact("fd", (dir) => {
    const files: OpenFile[] = [];
    for (const name of dir.names("fd")) {
      try {
        files.push(new OpenFile(task, dir, Number(name), dir.link(`fd/${name}`)));
      } catch (error) {
        if (!(error instanceof SysError) || error.code !== "ENOENT") throw error;
      }
    }
    return files.sort((a, b) => a.fd - b.fd);
  });
}
