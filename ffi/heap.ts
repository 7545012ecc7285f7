import type { Libc } from "./libc.ts";
import { AT_FDCWD, O_CLOEXEC, O_RDONLY } from "./uapi.ts";

const MADV_DONTFORK = 10;
/**
 * V8 takes its heap in pages of this size and alignment. By both they are told from what a library keeps in anonymous
 * memory, which begins anywhere: one in 64 of those would have the alignment alone.
 */
const HEAP_PAGE = 256 * 1024;
/** Libraries, thread-local storage and whatever else mmap(2) places by itself lies nearer than this to our own memory. */
const NEAR = 2 ** 36;
const CHUNK = 64 * 1024;
/** More than the maps of any process of cready's kind. */
const LIMIT = 16 * CHUNK;
/** A line of /proc/PID/maps of private anonymous memory that may be written. */
const ANONYMOUS = /^([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 *(\[heap\])?$/gm;

/**
 * Keeps the JavaScript heap, and malloc's, out of the children that are made from now on: they never look at it, and
 * copying it, page after page as this process writes on, takes longer than all else about a child. Mappings with one
 * of the addresses `needed` stay. Where the maps cannot be read nothing changes.
 */
export function withholdHeap({ syscall, memory }: Pick<Libc, "syscall" | "memory">, needed: readonly number[]): void {
  const mark = memory.mark();
  const fd = syscall("openat", AT_FDCWD, memory.cstring("/proc/self/maps"), O_RDONLY | O_CLOEXEC, 0);
  if (fd >= 0) {
    const at = memory.room(CHUNK);
    let text = "";
    for (let got; text.length < LIMIT && (got = syscall("read", fd, at, CHUNK)) > 0;) text += memory.text(at, got);
    syscall("close", fd);
    for (const [, from, to, heap] of text.matchAll(ANONYMOUS)) {
      const start = parseInt(from!, 16), end = parseInt(to!, 16);
      const page = start % HEAP_PAGE === 0 && end % HEAP_PAGE === 0 && Math.abs(start - memory.base) > NEAR;
      if (!heap && !page) continue;
      if (needed.some((address) => address >= start && address < end)) continue;
      syscall("madvise", start, end - start, MADV_DONTFORK);
    }
  }
  memory.release(mark);
}
