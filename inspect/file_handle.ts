import { decodeBytes } from "../ffi/bytes.ts";
import { SysError } from "../ffi/errno.ts";
import { Fd } from "../ffi/fd.ts";
import type { Sys } from "../ffi/sys.ts";
import { AT_EMPTY_PATH, O_CLOEXEC, O_NONBLOCK, O_PATH } from "../ffi/uapi.ts";
import { ProcDir } from "../proc/dir.ts";
import type { WatchedFile } from "../proc/fdinfo.ts";
import { readStatx, S_IFDIR, S_IFMT, type Statx, STATX_MASK, STATX_SIZE } from "../proc/statx.ts";
import type { KnownMount, MountTable } from "./mount_table.ts";

/** What became of a watched file when criu looked for it by its handle. */
export type HandleSearch =
  /** It has this path. */
  | { readonly found: "PATH"; readonly path: string }
  /** The handle opens, on a file system of this type, but no path leads to the file. */
  | { readonly found: "FILE"; readonly type: string }
  /** No mount of its device opens the handle. */
  | { readonly found: "NOTHING" }
  /** It cannot be tried: the errno's name. */
  | { readonly found: "REFUSED"; readonly errno: string };

/** Looks for a watched file as criu's alloc_openable does: by handle through each mount of its device, then by path. */
export function findByHandle(sys: Sys, table: MountTable, { device, ino, handle }: WatchedFile): HandleSearch {
  let opened: KnownMount | undefined;
  const major = device >>> 20, minor = device & 0xfffff;
  for (const known of table.ofDevice(major, minor)) {
    const root = table.root(known.space);
    if (root === null || handle === null) continue;
    const mountpoint = openMountpoint(sys, root, known);
    if (!mountpoint) continue;
    using folder = mountpoint;
    const result = openHandle(sys, folder.number, handle.type, handle.bytes);
    if (result === -1) return { found: "REFUSED", errno: "EPERM" };
    if (result < 0) continue;
    opened ??= known;
    using file = new Fd(sys, result);
    const path = pathOf(sys, file);
    if (path === null) break;
    const there = statPath(root, path);
    if (there?.ino === ino) return { found: "PATH", path };
  }
  return opened ? { found: "FILE", type: opened.mount.type } : { found: "NOTHING" };
}

function openMountpoint(sys: Sys, root: ProcDir, { mount }: KnownMount): Fd | undefined {
  try {
    // A mount over a file is none that criu tries; a fifo or a device must not be opened by mistake.
    const fd = root.open(`.${mount.point}`, sys.arch.oDirectory | O_NONBLOCK | O_CLOEXEC);
    const stat = statFd(sys, fd);
    if (stat && (stat.mode & S_IFMT) === S_IFDIR && (stat.mount === null || stat.mount === mount.id)) return fd;
    fd[Symbol.dispose]();
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
  return undefined;
}

function statFd(sys: Sys, fd: Fd): Statx | null {
  const { memory } = sys;
  const mark = memory.mark();
  const at = memory.alloc(STATX_SIZE);
  const result = sys.try("statx", fd.number, memory.cstring(""), AT_EMPTY_PATH, STATX_MASK, at);
  memory.release(mark);
  return result < 0 ? null : readStatx(memory, at);
}

/** open_by_handle_at(2); needs CAP_DAC_READ_SEARCH, as criu does. */
function openHandle(sys: Sys, mount: number, type: number, bytes: Uint8Array): number {
  const { memory } = sys;
  const mark = memory.mark();
  // struct file_handle: u32 handle_bytes, i32 handle_type, u8 f_handle[]
  const at = memory.alloc(8 + bytes.length);
  memory.setU32(at, bytes.length);
  memory.setI32(at + 4, type);
  memory.write(at + 8, bytes);
  const result = sys.try("open_by_handle_at", mount, at, O_PATH | O_CLOEXEC);
  memory.release(mark);
  return result;
}

function pathOf(sys: Sys, fd: Fd): string | null {
  const { memory } = sys;
  const mark = memory.mark();
  const buffer = memory.alloc(4096);
  const size = sys.try("readlinkat", -100, memory.cstring(`/proc/self/fd/${fd.number}`), buffer, 4096);
  memory.release(mark);
  return size < 0 ? null : decodeBytes(memory.bytes(buffer, size));
}

function statPath(root: ProcDir, path: string): Statx | null {
  try {
    return root.statx(`.${path}`);
  } catch (error) {
    if (error instanceof SysError) return null;
    throw error;
  }
}
