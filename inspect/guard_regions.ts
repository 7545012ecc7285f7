import { struct } from "../ffi/struct.ts";
import type { Sys } from "../ffi/sys.ts";
import type { ProcDir } from "../proc/dir.ts";
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from "../ffi/uapi.ts";

/** madvise(2) advice of Linux 6.13. */
const MADV_GUARD_INSTALL = 102;

/** Whether this kernel has guard regions, tried on a page of this process. */
export function guardRegions(sys: Sys): boolean {
  const page = sys.mmap(sys.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  const result = sys.try("madvise", page, sys.page, MADV_GUARD_INSTALL);
  sys.try("munmap", page, sys.page);
  return result === 0;
}

/** _IOWR('f', 16, struct pm_scan_arg), linux/fs.h. */
const PAGEMAP_SCAN = 0xc0606610;
const PM_SCAN_ARG = struct("pm_scan_arg", 96, {
  size: [0, "u64"],
  start: [16, "u64"],
  end: [24, "u64"],
  vec: [40, "u64"],
  vec_len: [48, "u64"],
  category_mask: [72, "u64"],
  return_mask: [88, "u64"],
});
/** Since Linux 6.15. */
const PAGE_IS_GUARD = 1 << 8;
const EFAULT = 14;

/** Whether a process has guard regions; null where the kernel cannot be asked (before Linux 6.15). */
export function hasGuards(sys: Sys, dir: ProcDir): boolean | null {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    using pagemap = dir.open("pagemap");
    const region = memory.alloc(24); // struct page_region
    const argument = PM_SCAN_ARG.pack(memory, {
      size: PM_SCAN_ARG.size,
      vec: region,
      vec_len: 1,
      category_mask: PAGE_IS_GUARD,
      return_mask: PAGE_IS_GUARD,
    });
    let found = -EFAULT;
    // EFAULT: no address of this kernel is as high.
    for (const end of sys.arch.taskSizes) {
      if (found !== -EFAULT) break;
      PM_SCAN_ARG.set(memory, argument, "end", end);
      found = sys.try("ioctl", pagemap.number, PAGEMAP_SCAN, argument);
    }
    return found < 0 ? null : found > 0;
  } finally {
    memory.release(mark);
  }
}
