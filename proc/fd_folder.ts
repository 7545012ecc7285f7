import { decodeBytes } from "../ffi/bytes.ts";
import { SysError } from "../ffi/errno.ts";
import type { SmallCall } from "../ffi/libc.ts";
import type { Sys } from "../ffi/sys.ts";
import { AT_STATX_DONT_SYNC, O_CLOEXEC, O_NONBLOCK, O_PATH, O_RDONLY } from "../ffi/uapi.ts";
import type { ProcDir } from "./dir.ts";
import { readStatx, type Statx, STATX_MASK, STATX_SIZE } from "./statx.ts";

const NAME = 16;
const STATFS_SIZE = 120;
const PATH = 4096;
const NAMES = 32 * 1024;
/** Links that are turned into text at once. */
const LINKS = 32 * 1024;
const INFO = 4096;
/** Where more follows, the kernel has filled its page but for a line: what is shorter was all of it. */
const SHORT = 2048;
/** No fdinfo is larger: an epoll descriptor with a million targets. */
const LIMIT = 128 * 1024 * 1024;
const ENOENT = -2;
const ENAMETOOLONG = -36;

/**
 * The folders /proc/PID/fd and /proc/PID/fdinfo of a process, read by descriptor numbers. There may be 100,000, so
 * what is done for each one is short.
 */
export class FdFolder implements Disposable {
  readonly #sys: Sys;
  readonly #fd: ProcDir;
  #info: ProcDir | undefined;
  readonly #dir: ProcDir;
  readonly #statxCall: SmallCall;
  readonly #readlink: SmallCall;
  readonly #open: SmallCall;
  readonly #read: SmallCall;
  readonly #close: SmallCall;

  /** Opens the folders of a process. Throws `SysError`. */
  constructor(sys: Sys, dir: ProcDir) {
    this.#sys = sys;
    this.#dir = dir;
    this.#fd = dir.folder("fd");
    this.#statxCall = sys.small("statx");
    this.#readlink = sys.small("readlinkat");
    this.#open = sys.small("openat");
    this.#read = sys.small("read");
    this.#close = sys.small("close");
  }

  /**
   * All descriptors with their links, as `make` has it of each, in the kernel's order; a link is empty for a path that
   * is longer than the kernel shows. What is closed meanwhile is left out, and what cannot be read goes to `failed`.
   * Throws `SysError`.
   */
  list<T>(make: (fd: number, link: string) => T, failed: (error: SysError, fd: number) => void): T[] {
    const { memory } = this.#sys;
    const mark = memory.mark();
    const getdents = this.#sys.small("getdents64");
    using folder = this.#dir.open("fd");
    try {
      const names = memory.alloc(NAMES), links = memory.alloc(LINKS + PATH);
      const batch = new Batch(memory.bytes(links, LINKS + PATH), make);
      for (;;) {
        const size = getdents(folder.number, names, NAMES, 0);
        if (size < 0) throw new SysError(`getdents64(${this.#fd.path})`, -size);
        if (size === 0) break;
        // struct linux_dirent64: u64 d_ino, s64 d_off, u16 d_reclen, u8 d_type, char d_name[]
        for (let entry = names; entry < names + size; entry += memory.u16(entry + 16)) {
          const fd = number(memory.bytes(entry + 19, NAME));
          if (fd < 0) continue;
          const length = this.#readlink(folder.number, entry + 19, links + batch.used, PATH);
          if (length >= 0) batch.add(fd, length);
          else if (length === ENAMETOOLONG) batch.add(fd, 0);
          else if (length !== ENOENT) failed(new SysError(`readlink(${this.#fd.path}/${fd})`, -length), fd);
          if (batch.used > LINKS) batch.flush();
        }
      }
      batch.flush();
      return batch.done;
    } finally {
      memory.release(mark);
    }
  }

  /** Where the link of a descriptor points to; undefined where it is closed. Throws `SysError`. */
  link(fd: number): string | undefined {
    const { memory } = this.#sys;
    const mark = memory.mark();
    const name = this.#name(fd), buffer = memory.alloc(PATH);
    const size = this.#readlink(this.#fd.fd, name, buffer, PATH);
    memory.release(mark);
    return size < 0 ? this.#absent("readlink", fd, size) : decodeBytes(memory.bytes(buffer, size));
  }

  /** What statx(2) says of the file behind a descriptor; undefined where it is closed. Throws `SysError`. */
  statx(fd: number): Statx | undefined {
    const { memory } = this.#sys;
    const mark = memory.mark();
    const name = this.#name(fd), buffer = memory.alloc(STATX_SIZE);
    const result = this.#statxCall(this.#fd.fd, name, AT_STATX_DONT_SYNC, STATX_MASK, buffer);
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
      const file = this.#open(this.#fd.fd, this.#name(fd), O_PATH | O_CLOEXEC, 0);
      if (file < 0) return this.#absent("open", fd, file);
      const result = this.#sys.try("fstatfs", file, at);
      this.#close(file, 0, 0, 0);
      return result < 0 ? this.#absent("statfs", fd, result) : memory.u32(at); // f_type first
    } finally {
      memory.release(mark);
    }
  }

  /** The text of its fdinfo; undefined where it is closed. Throws `SysError`. */
  info(fd: number): string | undefined {
    const parts: string[] = [];
    let length = 0;
    const done = this.#readInfo(fd, INFO, (bytes) => {
      parts.push(decodeBytes(bytes));
      length += bytes.length;
      return bytes.length >= SHORT && length < LIMIT;
    });
    return !done ? undefined : parts.length === 1 ? parts[0] : parts.join("");
  }

  /** Its flags as in open(2), without the rest of fdinfo; undefined where it is closed. Throws `SysError`. */
  flags(fd: number): number | undefined {
    let flags: number | undefined;
    this.#readInfo(fd, 128, (bytes) => {
      flags = flagsOf(bytes);
      return false;
    });
    return flags;
  }

  /** Reads fdinfo in pieces until `take` has enough; whether it is there. */
  #readInfo(fd: number, size: number, take: (bytes: Uint8Array) => boolean): boolean {
    this.#info ??= this.#dir.folder("fdinfo");
    const { memory } = this.#sys;
    const mark = memory.mark();
    const name = this.#name(fd), buffer = memory.alloc(size);
    const file = this.#open(this.#info.fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    try {
      if (file < 0) return this.#absent("open", fd, file) ?? false;
      for (;;) {
        const got = this.#read(file, buffer, size, 0);
        if (got < 0) return this.#absent("read", fd, got) ?? false;
        if (!take(memory.bytes(buffer, got)) || got === 0) return true;
      }
    } finally {
      memory.release(mark);
      if (file >= 0) this.#close(file, 0, 0, 0);
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

/** Links that lie one after the other in memory, turned into text together: nearly all are ASCII. */
class Batch<T> {
  readonly done: T[] = [];
  readonly #make: (fd: number, link: string) => T;
  readonly #bytes: Uint8Array;
  #fds: number[] = [];
  #ends: number[] = [];
  used = 0;

  constructor(bytes: Uint8Array, make: (fd: number, link: string) => T) {
    this.#make = make;
    this.#bytes = bytes;
  }

  add(fd: number, length: number): void {
    this.used += length;
    this.#fds.push(fd);
    this.#ends.push(this.used);
  }

  flush(): void {
    const bytes = this.#bytes.subarray(0, this.used);
    const text = decodeBytes(bytes);
    const ascii = text.length === bytes.length;
    let start = 0;
    for (let i = 0; i < this.#fds.length; i++) {
      const end = this.#ends[i]!;
      const link = ascii ? text.slice(start, end) : decodeBytes(bytes.subarray(start, end));
      this.done.push(this.#make(this.#fds[i]!, link));
      start = end;
    }
    this.used = 0;
    this.#fds = [];
    this.#ends = [];
  }
}

/** A number that ends in a zero byte; -1 where there is none. */
function number(bytes: Uint8Array): number {
  let value = 0;
  for (let at = 0; at < bytes.length; at++) {
    const digit = bytes[at]! - 0x30;
    if (bytes[at] === 0) return at === 0 ? -1 : value;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return -1;
}

/** The flags in the second line of an fdinfo: `flags:`, a tab, and octal digits. */
function flagsOf(bytes: Uint8Array): number | undefined {
  let at = bytes.indexOf(0x0a) + 1;
  if (at === 0 || bytes[at] !== 0x66 || bytes[at + 5] !== 0x3a) return undefined;
  let value = 0;
  for (at += 6; at < bytes.length && bytes[at] !== 0x0a; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit >= 0 && digit <= 7) value = value * 8 + digit;
    else if (bytes[at] !== 0x09) return undefined;
  }
  return value;
}
