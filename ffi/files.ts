import { SysError } from "./errno.ts";
import type { Sys } from "./sys.ts";
import { AT_FDCWD, O_RDONLY } from "./uapi.ts";

const CHUNK = 64 * 1024;
/** No file that cready reads is larger; the rest of a larger one is not read. */
const LIMIT = 64 * 1024 * 1024;

/** Reads a descriptor to its end, at most `limit` bytes; sizes that stat tells are not trusted. */
export function readFd(sys: Sys, fd: number, path: string, limit = LIMIT): Uint8Array {
  const { memory } = sys;
  const mark = memory.mark();
  const at = memory.room(CHUNK);
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    while (total < limit) {
      const got = sys.try("read", fd, at, Math.min(CHUNK, limit - total));
      if (got < 0) throw new SysError(`read(${path})`, -got);
      if (got === 0) break;
      parts.push(memory.bytes(at, got).slice());
      total += got;
    }
  } finally {
    memory.release(mark);
  }
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(total);
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** All bytes of a file, at most `limit`. Throws `SysError`. */
export function readBytes(sys: Sys, path: string, limit = LIMIT): Uint8Array {
  using fd = sys.open(path, O_RDONLY);
  return readFd(sys, fd.number, path, limit);
}

/** A file as UTF-8 text; bytes that are none become U+FFFD. Throws `SysError`. */
export function readText(sys: Sys, path: string, limit = LIMIT): string {
  return new TextDecoder().decode(readBytes(sys, path, limit));
}

/** A file as text, or undefined when it cannot be read for whatever reason. */
export function tryReadText(sys: Sys, path: string, limit = LIMIT): string | undefined {
  try {
    return readText(sys, path, limit);
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}

/** Where a symbolic link points to. Throws `SysError`. */
export function readLink(sys: Sys, path: string): string {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const name = memory.cstring(path);
    const at = memory.room(4096);
    const size = sys.try("readlinkat", AT_FDCWD, name, at, 4096);
    if (size < 0) throw new SysError(`readlink(${path})`, -size);
    return memory.text(at, size);
  } finally {
    memory.release(mark);
  }
}

/** Whether access(2) permits `mode` (F_OK, R_OK, W_OK), with the real uid as access(2) does: 0 or -errno. */
export function access(sys: Sys, path: string, mode: number): number {
  const { memory } = sys;
  const mark = memory.mark();
  const result = sys.try("faccessat", AT_FDCWD, memory.cstring(path), mode);
  memory.release(mark);
  return result;
}

/** Names in a folder, without `.` and `..`. Throws `SysError`. */
export function entries(sys: Sys, path: string): string[] {
  const { memory } = sys;
  const mark = memory.mark();
  const names: string[] = [];
  using fd = sys.open(path, O_RDONLY);
  try {
    const at = memory.room(32 * 1024);
    for (;;) {
      const size = sys.try("getdents64", fd.number, at, 32 * 1024);
      if (size < 0) throw new SysError(`getdents64(${path})`, -size);
      if (size === 0) return names;
      // struct linux_dirent64: u64 d_ino, s64 d_off, u16 d_reclen, u8 d_type, char d_name[]
      for (let entry = at; entry < at + size; entry += memory.u16(entry + 16)) {
        const room = memory.u16(entry + 16) - 19;
        const bytes = memory.bytes(entry + 19, room);
        const name = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
        if (name !== "." && name !== "..") names.push(name);
      }
    }
  } finally {
    memory.release(mark);
  }
}
