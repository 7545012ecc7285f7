import { struct } from "./struct.ts";
import type { Sys } from "./sys.ts";
import { AT_FDCWD } from "./uapi.ts";

const S_IFMT = 0o170000;
const S_IFSOCK = 0o140000;
const S_IFREG = 0o100000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const STATX_BASIC_STATS = 0x7ff;
const STATX = struct("statx", 256, {
  uid: [20, "u32"],
  mode: [28, "u16"],
  ino: [32, "u64"],
  devMajor: [136, "u32"],
  devMinor: [140, "u32"],
});

/** What a path is, as far as it matters here. */
export interface FileKind {
  readonly kind: "socket" | "file" | "other";
  readonly uid: number;
  /** The permission bits. */
  readonly mode: number;
  /** Device and inode number: equal for the same file only. */
  readonly inode: string;
}

/** What is at a path, links not followed unless asked for; -errno where nothing can be seen (statx(2)). */
export function fileKind(sys: Sys, path: string, follow = false): FileKind | number {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const at = STATX.pack(memory);
    const flags = follow ? 0 : AT_SYMLINK_NOFOLLOW;
    const result = sys.try("statx", AT_FDCWD, memory.cstring(path), flags, STATX_BASIC_STATS, at);
    if (result < 0) return result;
    const mode = STATX.get(memory, at, "mode");
    const type = mode & S_IFMT;
    return {
      kind: type === S_IFSOCK ? "socket" : type === S_IFREG ? "file" : "other",
      uid: STATX.get(memory, at, "uid"),
      mode: mode & 0o7777,
      inode: ["devMajor", "devMinor", "ino"].map((name) => STATX.get(memory, at, name as "ino")).join(":"),
    };
  } finally {
    memory.release(mark);
  }
}

/** Device and inode number of what is at a path; null where there is nothing. */
export function inodeOf(sys: Sys, path: string): string | null {
  const kind = fileKind(sys, path);
  return typeof kind === "number" ? null : kind.inode;
}
