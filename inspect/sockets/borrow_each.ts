import { errnoName } from "../../ffi/errno.ts";
import { Fd } from "../../ffi/fd.ts";
import type { Sys } from "../../ffi/sys.ts";
import { stillThere } from "../borrow.ts";
import { GoneError } from "../gone.ts";
import type { OpenFile } from "../open_file.ts";
import type { Task } from "../task.ts";

/**
 * As `borrow`, for many descriptors, one after the other: a process is opened once for all that follow one another.
 * `look` has the descriptor for as short as it takes, `take` gets what it saw, or the errno's name.
 */
export function borrowEach<T>(
  sys: Sys,
  files: readonly OpenFile[],
  look: (fd: number) => T,
  take: (file: OpenFile, seen: T | { readonly refused: string }) => void,
): void {
  const getfd = sys.small("pidfd_getfd"), close = sys.small("close");
  let pidfd: Fd | undefined, of: Task | undefined, refused: string | undefined;
  try {
    for (const file of files) {
      if (file.task !== of) {
        pidfd?.[Symbol.dispose]();
        pidfd = refused = undefined;
        of = file.task;
        const result = sys.try("pidfd_open", of.pid, 0);
        if (result < 0) refused = errnoName(-result);
        else pidfd = new Fd(sys, result);
        if (refused === "ESRCH") throw new GoneError(of.pid);
        stillThere(of);
      }
      if (!pidfd) {
        take(file, { refused: refused! });
        continue;
      }
      const borrowed = getfd(pidfd.number, file.fd, 0, 0);
      if (borrowed < 0) {
        take(file, { refused: errnoName(-borrowed) });
        continue;
      }
      let seen: T;
      try {
        seen = look(borrowed);
      } finally {
        close(borrowed, 0, 0, 0);
      }
      take(file, seen);
    }
  } finally {
    pidfd?.[Symbol.dispose]();
  }
}
