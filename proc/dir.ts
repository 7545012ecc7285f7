import { decodeBytes, encodeBytes } from "../ffi/bytes.ts";
import { SysError } from "../ffi/errno.ts";
import { readFd } from "../ffi/files.ts";
import { Fd } from "../ffi/fd.ts";
import type { SmallCall } from "../ffi/libc.ts";
import type { Sys } from "../ffi/sys.ts";
import {
  AT_FDCWD,
  AT_STATX_DONT_SYNC,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
} from "../ffi/uapi.ts";
import { isSame, readStatx, type Statx, STATX_MASK, STATX_SIZE } from "./statx.ts";

/** Largest file of /proc that is read: maps of a million mappings. */
const LIMIT = 256 * 1024 * 1024;
const LINK = 4096;
const NAMES = 32 * 1024;

/**
 * An open folder below /proc, such as that of a process. Everything is read relative to its descriptor, so that
 * a pid which is used again cannot slip in between two reads: then they answer ESRCH.
 */
export class ProcDir implements Disposable {
  readonly #sys: Sys;
  readonly #fd: Fd;
  #statx: SmallCall | undefined;
  /** As a person would name it, such as `/proc/4711`. */
  readonly path: string;

  private constructor(sys: Sys, fd: Fd, path: string) {
    this.#sys = sys;
    this.#fd = fd;
    this.path = path;
  }

  /** Opens a folder by its path. Throws `SysError`. */
  static open(sys: Sys, path: string): ProcDir {
    return new ProcDir(sys, openAt(sys, AT_FDCWD, path, sys.arch.oDirectory, path), path);
  }

  /** Opens a folder in this one. Throws `SysError`. */
  folder(name: string): ProcDir {
    const path = `${this.path}/${name}`;
    return new ProcDir(this.#sys, openAt(this.#sys, this.#fd.number, name, this.#sys.arch.oDirectory, path), path);
  }

  /** The descriptor, for calls relative to it. */
  get fd(): number {
    return this.#fd.number;
  }

  /** Opens a file in it. Throws `SysError`. */
  open(name: string, flags = O_RDONLY): Fd {
    return openAt(this.#sys, this.#fd.number, name, flags, `${this.path}/${name}`);
  }

  /** All bytes of a file in it, at most `limit`. Throws `SysError`. */
  bytes(name: string, limit = LIMIT): Uint8Array {
    using file = this.open(name);
    return readFd(this.#sys, file.number, `${this.path}/${name}`, limit);
  }

  /** A file in it as text; bytes that are no UTF-8 as in `decodeBytes`. Throws `SysError`. */
  text(name: string, limit = LIMIT): string {
    return decodeBytes(this.bytes(name, limit));
  }

  /** Where a symbolic link in it points to. Throws `SysError`. */
  link(name: string): string {
    const { memory } = this.#sys;
    const mark = memory.mark();
    try {
      const path = memory.store(cstring(name), 1);
      const at = memory.alloc(LINK);
      const size = this.#sys.try("readlinkat", this.#fd.number, path, at, LINK);
      if (size < 0) throw new SysError(`readlink(${this.path}/${name})`, -size);
      return decodeBytes(memory.bytes(at, size));
    } finally {
      memory.release(mark);
    }
  }

  /** What statx(2) says of a file in it, of what a link points to unless `nofollow`. Throws `SysError`. */
  statx(name: string, nofollow = false): Statx {
    const { memory } = this.#sys;
    const mark = memory.mark();
    try {
      const path = memory.store(cstring(name), 1);
      const at = memory.alloc(STATX_SIZE);
      const flags = AT_STATX_DONT_SYNC | (nofollow ? AT_SYMLINK_NOFOLLOW : 0);
      const result = this.#sys.try("statx", this.#fd.number, path, flags, STATX_MASK, at);
      if (result < 0) throw new SysError(`statx(${this.path}/${name})`, -result);
      return readStatx(memory, at);
    } finally {
      memory.release(mark);
    }
  }

  /** Whether a path leads to a file of this device and inode; false for whatever error. */
  isSame(name: string, file: Pick<Statx, "ino" | "major" | "minor">): boolean {
    const { memory } = this.#sys;
    const mark = memory.mark();
    const path = memory.store(cstring(name), 1), at = memory.alloc(STATX_SIZE);
    this.#statx ??= this.#sys.small("statx");
    const result = this.#statx(this.#fd.number, path, AT_STATX_DONT_SYNC, STATX_MASK, at);
    memory.release(mark);
    return result >= 0 && isSame(memory, at, file);
  }

  /** Names in it, or in a folder of it, without `.` and `..`, in the kernel's order. Throws `SysError`. */
  names(name = "."): string[] {
    const { memory } = this.#sys;
    const mark = memory.mark();
    using folder = this.open(name, this.#sys.arch.oDirectory);
    const names: string[] = [];
    try {
      const at = memory.alloc(NAMES);
      for (;;) {
        const size = this.#sys.try("getdents64", folder.number, at, NAMES);
        if (size < 0) throw new SysError(`getdents64(${this.path}/${name})`, -size);
        if (size === 0) return names;
        // struct linux_dirent64: u64 d_ino, s64 d_off, u16 d_reclen, u8 d_type, char d_name[]
        for (let entry = at; entry < at + size;) {
          const length = memory.u16(entry + 16);
          const bytes = memory.bytes(entry + 19, length - 19);
          const found = decodeBytes(bytes.subarray(0, bytes.indexOf(0)));
          if (found !== "." && found !== "..") names.push(found);
          entry += length;
        }
      }
    } finally {
      memory.release(mark);
    }
  }

  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]();
  }
}

function cstring(text: string): Uint8Array {
  return encodeBytes(`${text}\0`);
}

function openAt(sys: Sys, folder: number, name: string, flags: number, path: string): Fd {
  const { memory } = sys;
  const mark = memory.mark();
  const wait = flags & O_PATH ? 0 : O_NONBLOCK;
  const result = sys.try("openat", folder, memory.store(cstring(name), 1), flags | O_CLOEXEC | wait, 0);
  memory.release(mark);
  if (result < 0) throw new SysError(`open(${path})`, -result);
  return new Fd(sys, result);
}
