import { SysError } from "./errno.ts";
import type { Libc } from "./libc.ts";

const EAGAIN = 11;
const EINTR = 4;
const POLLOUT = 4;
const TIOCGWINSZ = 0x5413;
const CHUNK = 32 * 1024;
/** A pipe that can be written takes as much without blocking (pipe(7)). */
const PIPE_BUF = 4096;

/**
 * Writes all of a text to a descriptor, however small the kernel's portions are. Throws `SysError` (ENOSPC,
 * EPIPE …): an unwritten answer must not look like a given one.
 */
export function writeAll(libc: Libc, fd: number, text: string): void {
  writeAllBytes(libc, fd, new TextEncoder().encode(text));
}

/** As `writeAll`, for bytes. */
export function writeAllBytes(libc: Libc, fd: number, bytes: Uint8Array): void {
  const { memory } = libc;
  const mark = memory.mark();
  const at = memory.room(CHUNK);
  try {
    for (let done = 0; done < bytes.length;) {
      const part = bytes.subarray(done, done + CHUNK);
      memory.write(at, part);
      const written = libc.syscall("write", fd, at, part.length);
      if (written >= 0) done += written;
      else if (written === -EAGAIN) waitWritable(libc, fd);
      else if (written !== -EINTR) throw new SysError("write()", -written);
    }
  } finally {
    memory.release(mark);
  }
}

/** A pipe that somebody made non-blocking: wait until it takes more (ppoll(2)). */
function waitWritable(libc: Libc, fd: number): void {
  const mark = libc.memory.mark();
  const poll = libc.memory.alloc(8); // struct pollfd { int fd; short events; short revents; }
  libc.memory.setI32(poll, fd);
  libc.memory.setU16(poll + 4, POLLOUT);
  libc.syscall("ppoll", poll, 1, 0, 0, 0);
  libc.memory.release(mark);
}

/** Whether a descriptor is a terminal (isatty(3): TCGETS). */
export function isTerminal(libc: Libc, fd: number): boolean {
  const TCGETS = 0x5401;
  const mark = libc.memory.mark();
  const result = libc.syscall("ioctl", fd, TCGETS, libc.memory.alloc(64));
  libc.memory.release(mark);
  return result === 0;
}

/**
 * Writes the beginning of some bytes without ever waiting: how many were taken, "later" where the reader is slow, "never"
 * where it is gone or the disk is full. A pipe that blocks is asked first (ppoll(2)) and given no more than PIPE_BUF.
 */
export function tryWrite(libc: Libc, fd: number, bytes: Uint8Array): number | "later" | "never" {
  const { memory } = libc;
  const mark = memory.mark();
  try {
    const poll = memory.alloc(8), zero = memory.alloc(16);
    memory.setI32(poll, fd);
    memory.setU16(poll + 4, POLLOUT);
    if (libc.syscall("ppoll", poll, 1, zero, 0, 0) === 0) return "later";
    const part = bytes.subarray(0, PIPE_BUF);
    const written = libc.syscall("write", fd, memory.store(part), part.length);
    if (written >= 0) return written;
    return written === -EAGAIN || written === -EINTR ? "later" : "never";
  } finally {
    memory.release(mark);
  }
}

/** The width of the terminal behind a descriptor in columns; 0 where there is none, or it does not tell. */
export function terminalColumns({ memory, syscall }: Libc, fd: number): number {
  const mark = memory.mark();
  const at = memory.alloc(8); // struct winsize: u16 rows, u16 columns, …
  const columns = syscall("ioctl", fd, TIOCGWINSZ, at) === 0 ? memory.u16(at + 2) : 0;
  memory.release(mark);
  return columns;
}
