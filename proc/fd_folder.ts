import { decodeBytes } from "../ffi/bytes.ts";
import { SysError } from "../ffi/errno.ts";
import type { SmallCall } from "../ffi/libc.ts";
import type { Memory } from "../ffi/memory.ts";
import type { Sys } from "../ffi/sys.ts";
import { AT_STATX_DONT_SYNC, O_CLOEXEC, O_NONBLOCK, O_PATH, O_RDONLY } from "../ffi/uapi.ts";
import type { ProcDir } from "./dir.ts";
import { readStatx, type Statx, STATX_MASK, STATX_SIZE } from "./statx.ts";
import { Texts } from "./texts.ts";

const NAME = 16;
const STATFS_SIZE = 120;
const PATH = 4096;
const NAMES = 32 * 1024;
const INFO = 4096;
/** Where more follows, the kernel has filled its page but for a line: what is shorter was all of it. */
const SHORT = 2048;
/** No fdinfo is larger: an epoll descriptor with a million targets. */
const LIMIT = 128 * 1024 * 1024;
const ENOENT = -2;
const ENAMETOOLONG = -36;

/** Takes what cannot be read of a descriptor. */
export type Failed = (error: SysError, fd: number) => void;

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
   * is longer than the kernel shows. What is closed meanwhile is left out. Throws `SysError`.
   */
  list<T>(make: (fd: number, link: string) => T, failed: Failed): T[] {
    const { memory } = this.#sys;
    const mark = memory.mark();
    const getdents = this.#sys.small("getdents64");
    using folder = this.#dir.open("fd");
    try {
      const at = folder.number;
      const names = memory.room(NAMES), links = new Texts(memory, PATH);
      const fds: number[] = [];
      for (;;) {
        const size = getdents(at, names, NAMES, 0);
        if (size < 0) throw new SysError(`getdents64(${this.#fd.path})`, -size);
        if (size === 0) break;
        // struct linux_dirent64: u64 d_ino, s64 d_off, u16 d_reclen, u8 d_type, char d_name[]
        for (let entry = names; entry < names + size; entry += memory.u16(entry + 16)) {
          const fd = numberAt(memory, entry + 19);
          if (fd < 0) continue;
          const length = this.#readlink(at, entry + 19, links.end, PATH);
          if (length < 0 && length !== ENAMETOOLONG) {
            if (length !== ENOENT) failed(new SysError(`readlink(${this.#fd.path}/${fd})`, -length), fd);
            continue;
          }
          fds.push(fd);
          links.add(Math.max(0, length));
        }
      }
      const texts = links.finish();
      return fds.map((fd, i) => make(fd, texts[i]!));
    } finally {
      memory.release(mark);
    }
  }

  /** The texts of fdinfo of many descriptors, in their order; empty where one is closed, or cannot be read. */
  infos(fds: readonly number[], failed: Failed): readonly string[] {
    const { memory } = this.#sys;
    const mark = memory.mark();
    try {
      this.#info ??= this.#dir.folder("fdinfo");
      const name = memory.alloc(NAME), texts = new Texts(memory, INFO);
      for (const fd of fds) {
        try {
          this.#addInfo(texts, fd, name);
        } catch (error) {
          if (!(error instanceof SysError)) throw error;
          texts.add(0);
          failed(error, fd);
        }
      }
      return texts.finish();
    } finally {
      memory.release(mark);
    }
  }

  /** The text of its fdinfo; undefined where it is closed. Throws `SysError`. */
  info(fd: number): string | undefined {
    const [text] = this.infos([fd], (error) => {
      throw error;
    });
    return text || undefined;
  }

  /** Where the link of a descriptor points to; undefined where it is closed. Throws `SysError`. */
  link(fd: number): string | undefined {
    const { memory } = this.#sys;
    const mark = memory.mark();
    const name = this.#name(fd), buffer = memory.alloc(PATH);
    const size = this.#readlink(this.#fd.fd, name, buffer, PATH);
    memory.release(mark);
    return size < 0 ? this.#absent("readlink", "fd", fd, size) : decodeBytes(memory.bytes(buffer, size));
  }

  /** What statx(2) says of the file behind a descriptor; undefined where it is closed. Throws `SysError`. */
  statx(fd: number): Statx | undefined {
    const { memory } = this.#sys;
    const mark = memory.mark();
    const name = this.#name(fd), buffer = memory.alloc(STATX_SIZE);
    const result = this.#statxCall(this.#fd.fd, name, AT_STATX_DONT_SYNC, STATX_MASK, buffer);
    memory.release(mark);
    return result < 0 ? this.#absent("statx", "fd", fd, result) : readStatx(memory, buffer);
  }

  /** The magic number of the file system behind a descriptor; undefined where it is closed. Throws `SysError`. */
  fileSystem(fd: number): number | undefined {
    const { memory } = this.#sys;
    const mark = memory.mark();
    try {
      const at = memory.alloc(STATFS_SIZE);
      // The path alone is taken hold of: the file is not opened.
      const file = this.#open(this.#fd.fd, this.#name(fd), O_PATH | O_CLOEXEC, 0);
      if (file < 0) return this.#absent("open", "fd", fd, file);
      const result = this.#sys.try("fstatfs", file, at);
      this.#close(file, 0, 0, 0);
      return result < 0 ? this.#absent("statfs", "fd", fd, result) : memory.u32(at); // f_type first
    } finally {
      memory.release(mark);
    }
  }

  #addInfo(texts: Texts, fd: number, name: number): void {
    const file = this.#open(this.#info!.fd, this.#name(fd, name), O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (file < 0) {
      this.#absent("open", "fdinfo", fd, file);
      return texts.add(0);
    }
    try {
      const got = this.#read(file, texts.end, INFO, 0);
      if (got < 0) this.#absent("read", "fdinfo", fd, got);
      if (got < SHORT) texts.add(Math.max(0, got));
      else texts.addText(this.#long(file, fd, texts.end, got));
    } finally {
      this.#close(file, 0, 0, 0);
    }
  }

  /** Reads the rest of an fdinfo, of which `got` bytes are at an address already. */
  #long(file: number, fd: number, at: number, got: number): string {
    const { memory } = this.#sys;
    let text = "", length = 0;
    for (; got > 0; got = this.#read(file, at, INFO, 0)) {
      text += decodeBytes(memory.bytes(at, got));
      length += got;
      if (got < SHORT || length >= LIMIT) return text;
    }
    if (got < 0) this.#absent("read", "fdinfo", fd, got);
    return text;
  }

  /** Writes a number as a C string to the end of a room, newly cut or written by this before; returns its address. */
  #name(fd: number, room = this.#sys.memory.alloc(NAME)): number {
    const { memory } = this.#sys;
    let at = room + NAME - 1;
    do {
      memory.setU8(--at, 0x30 + fd % 10);
      fd = Math.floor(fd / 10);
    } while (fd > 0);
    return at;
  }

  #absent(call: string, folder: "fd" | "fdinfo", fd: number, result: number): undefined {
    if (result !== ENOENT) throw new SysError(`${call}(${this.#dir.path}/${folder}/${fd})`, -result);
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]();
    this.#info?.[Symbol.dispose]();
  }
}

/** The number at an address, which a zero byte ends; -1 where there is none. */
function numberAt(memory: Memory, at: number): number {
  let value = 0;
  for (const start = at;; at++) {
    const byte = memory.u8(at);
    if (byte === 0) return at === start ? -1 : value;
    if (byte < 0x30 || byte > 0x39) return -1;
    value = value * 10 + byte - 0x30;
  }
}
