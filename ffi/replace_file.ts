import { SysError } from "./errno.ts";
import { Fd } from "./fd.ts";
import { writeAllBytes } from "./out.ts";
import type { Sys } from "./sys.ts";
import { AT_FDCWD, O_CLOEXEC, O_CREAT, O_WRONLY } from "./uapi.ts";

const O_EXCL = 0o200;
const MODE = 0o644;

/**
 * Puts a whole new file in the place of `path`: written beside it under a name with a dot in front, which readers of such
 * folders pass over, and renamed when all of it is there. Throws `SysError`, and then `path` is as it was.
 */
export function replaceFile(sys: Sys, path: string, bytes: Uint8Array): void {
  const { memory } = sys;
  const slash = path.lastIndexOf("/") + 1;
  const beside = `${path.slice(0, slash)}.${path.slice(slash)}.${sys.try("getpid")}`;
  const mark = memory.mark();
  try {
    const name = memory.cstring(beside);
    const flags = O_WRONLY | O_CREAT | O_EXCL | sys.arch.oNofollow | O_CLOEXEC;
    const number = sys.try("openat", AT_FDCWD, name, flags, MODE);
    if (number < 0) throw new SysError(`open(${beside})`, -number);
    try {
      using fd = new Fd(sys, number);
      // Whatever the umask is, others read it.
      sys.call("fchmod", fd.number, MODE);
      writeAllBytes(sys.libc, fd.number, bytes);
      const renamed = sys.try("renameat2", AT_FDCWD, name, AT_FDCWD, memory.cstring(path), 0);
      if (renamed < 0) throw new SysError(`rename(${path})`, -renamed);
    } catch (error) {
      sys.try("unlinkat", AT_FDCWD, name, 0);
      throw error;
    }
  } finally {
    memory.release(mark);
  }
}
