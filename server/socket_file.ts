import { inodeOf } from "../ffi/file_kind.ts";
import type { Sys } from "../ffi/sys.ts";
import { AT_FDCWD } from "../ffi/uapi.ts";

/** A socket's file, as it was when the server began. */
export interface SocketFile {
  readonly path: string;
  readonly inode: string | null;
}

/** Notes which file it is. */
export function socketFile(sys: Sys, path: string): SocketFile {
  return { path, inode: inodeOf(sys, path) };
}

/** Removes the files that are still the sockets that they were, not those of a server that took their place; how many. */
export function removeFiles(sys: Sys, files: readonly SocketFile[]): number {
  let removed = 0;
  for (const { path, inode } of files) {
    if (inode === null || inodeOf(sys, path) !== inode) continue;
    const mark = sys.memory.mark();
    if (sys.try("unlinkat", AT_FDCWD, sys.memory.cstring(path), 0) === 0) removed++;
    sys.memory.release(mark);
  }
  return removed;
}
