import { errnoName } from "../ffi/errno.ts";
import { Fd } from "../ffi/fd.ts";
import type { Sys } from "../ffi/sys.ts";
import { SysError } from "../ffi/errno.ts";
import { GoneError } from "./gone.ts";
import type { Task } from "./task.ts";

/**
 * Lets `use` see a descriptor of a task as one of this process (pidfd_getfd(2)), and gives it back at once: while it is
 * held, the file stays open, so its other end sees no close. Returns what `use` does, or the errno's name where the
 * kernel refuses.
 */
export function borrow<T>(sys: Sys, task: Task, fd: number, use: (fd: number) => T): T | { readonly refused: string } {
  const result = sys.try("pidfd_open", task.pid, 0);
  if (result < 0) {
    if (errnoName(-result) === "ESRCH") throw new GoneError(task.pid);
    return { refused: errnoName(-result) };
  }
  using pidfd = new Fd(sys, result);
  stillThere(task);
  const borrowed = sys.try("pidfd_getfd", pidfd.number, fd, 0);
  if (borrowed < 0) return { refused: errnoName(-borrowed) };
  using own = new Fd(sys, borrowed);
  return use(own.number);
}

/** Whether `borrow` was refused. */
export function isRefused(answer: unknown): answer is { readonly refused: string } {
  return typeof answer === "object" && answer !== null && "refused" in answer;
}

/** The pidfd is of the same process only if that one still lives: then its number has not been used again. */
export function stillThere(task: Task): void {
  try {
    task.dir.text("stat");
  } catch (error) {
    if (error instanceof SysError && error.code === "ESRCH") throw new GoneError(task.pid);
    throw error;
  }
}
