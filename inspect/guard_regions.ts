import type { Sys } from "../ffi/sys.ts";
import { MAP_ANONYMOUS, MAP_PRIVATE, PAGE, PROT_READ, PROT_WRITE } from "../ffi/uapi.ts";

/** madvise(2) advice of Linux 6.13. */
const MADV_GUARD_INSTALL = 102;

/** Whether this kernel has guard regions, tried on a page of this process. */
export function guardRegions(sys: Sys): boolean {
  const page = sys.mmap(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  const result = sys.try("madvise", page, PAGE, MADV_GUARD_INSTALL);
  sys.try("munmap", page, PAGE);
  return result === 0;
}
