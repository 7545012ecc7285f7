import { SysError } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { AT_FDCWD, O_CLOEXEC, O_RDONLY } from "./uapi.ts";

const EAGAIN = 11;
const EINTR = 4;
const POLLIN = 1;
const CHUNK = 256 * 1024;

/**
 * Reads a file (`-` is standard input) from its beginning to its end and hands on what comes; the bytes are valid within
 * the call. Whatever its size, no more than 256 KiB of it are held. Throws `SysError`.
 */
export function readStream(libc: Libc, path: string, take: (bytes: Uint8Array) => void): void {
  const { memory } = libc;
  const mark = memory.mark();
  const fd = path === "-" ? 0 : libc.syscall("openat", AT_FDCWD, memory.cstring(path), O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) throw new SysError("open()", -fd);
  try {
    const at = memory.alloc(CHUNK);
    for (;;) {
      const got = libc.syscall("read", fd, at, CHUNK);
      if (got > 0) take(memory.bytes(at, got));
      else if (got === 0) return;
      else if (got === -EAGAIN) waitReadable(libc, fd);
      else if (got !== -EINTR) throw new SysError("read()", -got);
    }
  } finally {
    if (fd !== 0) libc.syscall("close", fd);
    memory.release(mark);
  }
}

/** A pipe that somebody made non-blocking: wait until there is more (ppoll(2)). */
function waitReadable(libc: Libc, fd: number): void {
  const mark = libc.memory.mark();
  const poll = libc.memory.alloc(8); // struct pollfd { int fd; short events; short revents; }
  libc.memory.setI32(poll, fd);
  libc.memory.setU16(poll + 4, POLLIN);
  libc.syscall("ppoll", poll, 1, 0, 0, 0);
  libc.memory.release(mark);
}
