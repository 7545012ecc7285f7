import { decodeBytes } from "../ffi/bytes.ts";
import { SysError } from "../ffi/errno.ts";
import type { Sys } from "../ffi/sys.ts";
import { AT_STATX_DONT_SYNC, AT_SYMLINK_NOFOLLOW, O_CLOEXEC, O_NONBLOCK, O_PATH, O_RDONLY } from "../ffi/uapi.ts";
import type { ProcDir } from "./dir.ts";
import { readStatx, type Statx, STATX_MASK, STATX_SIZE } from "./statx.ts";

const NAME = 16;
const STATFS_SIZE = 120;
const PATH = 4096;
/** One read mostly brings a whole fdinfo; a longer one is read to its end. */
const INFO = 16 * 1024;
const SHORT = 2048;
/** No fdinfo is larger: an epoll descriptor with a million targets. */
const LIMIT = 128 * 1024 * 1024;

/** The folders /proc/PID/fd and /proc/PID/fdinfo of a process, read by descriptor numbers: there may be 100,000. */
export class FdFolder implements Disposable {
  readonly #sys: Sys;
  readonly #fd: ProcDir;
  #info: ProcDir | undefined;
  readonly #dir: ProcDir;

  /** Opens the folders of a process. Throws `SysError`. */
  constructor(sys: Sys, dir: ProcDir) {
    this.#sys = sys;
    this.#dir = dir;
    this.#fd = dir.folder("fd");
  }

  /** The numbers of all descriptors, ascending. Throws `SysError`. */
  numbers(): number[] {
    return this.#fd.names().map(Number).sort((a, b) => a - b);
  }

  /** Where the link of a descriptor points to; undefined where it is closed. Throws `SysError`. */
  link(fd: number): string | undefined {
    const { memory } = this.#sys;
    const mark = memory.mark();
    const name = this.#name(fd), buffer = memory.alloc(PATH);
    const size = this.#sys.try("readlinkat", this.#fd.fd, name, buffer, PATH);
    memory.release(mark);
    return size < 0 ? this.#absent("readlink", fd, size) : decode(memory.bytes(buffer, size));
  }

  /** What statx(2) says of the file behind a descriptor; undefined where it is closed. Throws `SysError`. */
  statx(fd: number): Statx | undefined {
    return this.#statx(fd, AT_STATX_DONT_SYNC);
  }

  /** The mode of the link itself: bits 0400 and 0200 say whether it is open for reading and for writing. */
  linkMode(fd: number): number | undefined {
    return this.#statx(fd, AT_STATX_DONT_SYNC | AT_SYMLINK_NOFOLLOW)?.mode;
  }

  #statx(fd: number, flags: number): Statx | undefined {
    const { memory } = this.#sys;
    const mark = memory.mark();
    const name = this.#name(fd), buffer = memory.alloc(STATX_SIZE);
    const result = this.#sys.try("statx", this.#fd.fd, name, flags, STATX_MASK, buffer);
    memory.release(mark);
    return result < 0 ? this.#absent("statx", fd, result) : readStatx(memory, buffer);
  }

  /** The magic number of the file system behind a descriptor; undefined where it is closed. Throws `SysError`. */
  fileSystem(fd: number): number | undefined {
    const { memory } = this.#sys;
    const mark = memory.mark();
    try {
      const at = memory.alloc(STATFS_SIZE);
      // The path alone is taken hold of: the file is not opened.
      const file = this.#sys.try("openat", this.#fd.fd, this.#name(fd), O_PATH | O_CLOEXEC, 0);
      if (file < 0) return this.#absent("open", fd, file);
      const result = this.#sys.try("fstatfs", file, at);
      this.#sys.try("close", file);
      return result < 0 ? this.#absent("statfs", fd, result) : memory.u32(at); // f_type first
    } finally {
      memory.release(mark);
    }
  }

  /** The text of its fdinfo; undefined where it is closed. Throws `SysError`. */
  info(fd: number): string | undefined {
    this.#info ??= this.#dir.folder("fdinfo");
    const { memory } = this.#sys;
    const mark = memory.mark();
    const name = this.#name(fd), buffer = memory.alloc(INFO);
    const flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
    const file = this.#sys.try("openat", this.#info.fd, name, flags, 0);
    try {
      if (file < 0) return this.#absent("open", fd, file);
      const parts: string[] = [];
      for (let length = 0; length < LIMIT;) {
        const size = this.#sys.try("read", file, buffer, INFO);
        if (size < 0) return this.#absent("read", fd, size);
        if (size > 0) parts.push(decode(memory.bytes(buffer, size)));
        length += size;
        // Where more follows, the kernel has filled a page but for a line: what is shorter was all of it.
        if (size < SHORT) break;
      }
      return parts.length === 1 ? parts[0] : parts.join("");
    } finally {
      memory.release(mark);
      if (file >= 0) this.#sys.try("close", file);
    }
  }

  /** Cuts a number as a C string. */
  #name(fd: number): number {
    const { memory } = this.#sys;
    let at = memory.alloc(NAME, 1) + NAME - 1;
    do {
      memory.setU8(--at, 0x30 + fd % 10);
      fd = Math.floor(fd / 10);
    } while (fd > 0);
    return at;
  }

  #absent(call: string, fd: number, result: number): undefined {
    const folder = call === "read" && this.#info ? this.#info : this.#fd;
    const error = new SysError(`${call}(${folder.path}/${fd})`, -result);
    if (error.code !== "ENOENT") throw error;
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]();
    this.#info?.[Symbol.dispose]();
  }
}

/** As `decodeBytes`, faster for the short ASCII texts that nearly all are. */
function decode(bytes: Uint8Array): string {
  if (bytes.length > 64) return decodeBytes(bytes);
  for (const byte of bytes) if (byte >= 0x80) return decodeBytes(bytes);
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}
