import type { Memory } from "../ffi/memory.ts";

// linux/stat.h
/** Bytes of struct statx. */
export const STATX_SIZE = 256;
const STATX_BASIC_STATS = 0x7ff;
const STATX_MNT_ID = 0x1000;
/** What is asked for. */
export const STATX_MASK = STATX_BASIC_STATS | STATX_MNT_ID;

export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;

/** What statx(2) says of a file. */
export interface Statx {
  /** Type and permissions (S_IFMT and below). */
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly ino: bigint;
  readonly size: number;
  /** Allocated blocks of 512 bytes. */
  readonly blocks: number;
  readonly major: number;
  readonly minor: number;
  /** Of a device file. */
  readonly rdevMajor: number;
  readonly rdevMinor: number;
  /** Of what size it is best read and written; in huge pages, their size. */
  readonly blockSize: number;
  /** When its contents changed last, seconds since 1970. */
  readonly changed: number;
  /** The mount it was opened on, as in mountinfo; null before Linux 5.8. */
  readonly mount: number | null;
}

/** Reads struct statx (linux/stat.h) at an address. */
export function readStatx(memory: Memory, at: number): Statx {
  return {
    blockSize: memory.u32(at + 4),
    changed: Number(memory.u64(at + 112)),
    nlink: memory.u32(at + 16),
    uid: memory.u32(at + 20),
    gid: memory.u32(at + 24),
    mode: memory.u16(at + 28),
    ino: memory.u64(at + 32),
    size: Number(memory.u64(at + 40)),
    blocks: Number(memory.u64(at + 48)),
    rdevMajor: memory.u32(at + 128),
    rdevMinor: memory.u32(at + 132),
    major: memory.u32(at + 136),
    minor: memory.u32(at + 140),
    mount: memory.u32(at) & STATX_MNT_ID ? Number(memory.u64(at + 144)) : null,
  };
}

/** Whether a struct statx is of this file. */
export function isSame(
  memory: Memory,
  at: number,
  { ino, major, minor }: Pick<Statx, "ino" | "major" | "minor">,
): boolean {
  return memory.u64(at + 32) === ino && memory.u32(at + 136) === major && memory.u32(at + 140) === minor;
}

/** A device number as user space sees it in st_dev (glibc's and the kernel's huge encoding are equal below 20 bits). */
export function makedev(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

/** The kernel's own device number (MKDEV, 12 + 20 bits), as criu stores and prints st_dev and st_rdev. */
export function kdev(major: number, minor: number): number {
  return ((major << 20) | minor) >>> 0;
}
