import { errnoName } from "../ffi/errno.ts";
import type { Sys } from "../ffi/sys.ts";

/** No process has a descriptor of this number (fs.nr_open is below). */
const NO_FD = 0x7fffffff;

/**
 * Whether this process may attach to another one as ptrace(2) does, asked without touching it: pidfd_getfd(2) makes
 * the same check (PTRACE_MODE_ATTACH_REALCREDS) before it looks for the descriptor. Null where it may, otherwise the
 * errno's name; ENOSYS says nothing (before Linux 5.6, or under a seccomp filter).
 */
export function mayAttach(sys: Sys, pid: number): string | null {
  const pidfd = sys.try("pidfd_open", pid, 0);
  if (pidfd < 0) return errnoName(-pidfd);
  const result = sys.try("pidfd_getfd", pidfd, NO_FD, 0);
  sys.try("close", pidfd);
  const errno = errnoName(-result);
  return errno === "EBADF" ? null : errno;
}
