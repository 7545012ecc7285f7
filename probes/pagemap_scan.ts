import { SysError } from "../ffi/errno.ts";
import { access } from "../ffi/files.ts";
import { struct } from "../ffi/struct.ts";
import type { Sys } from "../ffi/sys.ts";
import { F_OK, MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from "../ffi/uapi.ts";
import { type Answer, defineProbe, inconclusive, type Kernel, supported, unsupported } from "./probe.ts";

/** _IOWR('f', 16, struct pm_scan_arg), linux/fs.h. */
const PAGEMAP_SCAN = 0xc0606610;
const PAGE_IS_FILE = 1 << 2;
const PAGE_IS_PRESENT = 1 << 3;
const PAGE_IS_SWAPPED = 1 << 4;
const PAGE_IS_PFNZERO = 1 << 5;
const PAGE_IS_SOFT_DIRTY = 1 << 7;
const MAP_POPULATE = 0x8000;

const PM_SCAN_ARG = struct("pm_scan_arg", 96, {
  size: [0, "u64"],
  start: [16, "u64"],
  end: [24, "u64"],
  vec: [40, "u64"],
  vec_len: [48, "u64"],
  category_inverted: [64, "u64"],
  category_mask: [72, "u64"],
  category_anyof_mask: [80, "u64"],
  return_mask: [88, "u64"],
});
const PAGE_REGION = struct("page_region", 24, { start: [0, "u64"], end: [8, "u64"], categories: [16, "u64"] });

/** What CRIU wants to be told of a page; 6.7 knows PAGEMAP_SCAN, but not PAGE_IS_SOFT_DIRTY. */
export const WANTED = PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_SOFT_DIRTY;

/** Calls `use` with the address of a page of our own that was written to, and unmaps it. */
export function withPage<T>(sys: Sys, use: (address: number) => T): T {
  const address = sys.mmap(sys.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE);
  try {
    return use(address);
  } finally {
    sys.try("munmap", address, sys.page);
  }
}

/** Asks with CRIU's masks what a page is; 0 where it is said to be nothing of what was asked for. */
export function categories({ sys }: Kernel, page: number, returned: number, text: string): number | Answer {
  const { memory } = sys;
  if (access(sys, "/proc/self/pagemap", F_OK) < 0 && access(sys, "/proc/self/maps", F_OK) === 0) {
    return unsupported("/proc/self has maps, but no pagemap");
  }
  using pagemap = sys.open("/proc/self/pagemap");
  const region = PAGE_REGION.pack(memory);
  const argument = PM_SCAN_ARG.pack(memory, {
    size: PM_SCAN_ARG.size,
    start: page,
    end: page + sys.page,
    vec: region,
    vec_len: 1,
    category_inverted: PAGE_IS_PFNZERO | PAGE_IS_FILE,
    category_mask: PAGE_IS_PFNZERO | PAGE_IS_FILE,
    category_anyof_mask: PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
    return_mask: returned,
  });
  const found = sys.look(text, pagemap.number, PAGEMAP_SCAN, argument);
  if (found < 0) throw new SysError(text, -found);
  const whole = found === 1 && PAGE_REGION.get(memory, region, "start") === page;
  return whole ? PAGE_REGION.get(memory, region, "categories") : 0;
}

export default defineProbe({
  id: "pagemap_scan",
  criuName: "pagemap_scan",
  title: "ioctl PAGEMAP_SCAN",
  category: "EXTRA",
  subject: "KERNEL",
  since: "6.8",
  impact: "large address spaces take longer to dump: each page's entry is read",
  kconfig: ["CONFIG_PROC_PAGE_MONITOR"],
  modules: [],
  rights: [],
  mend: "boot Linux 6.8 or newer built with CONFIG_PROC_PAGE_MONITOR=y",
  references: ["man:PAGEMAP_SCAN(2const)", "linux:fs/proc/task_mmu.c do_pagemap_scan", "criu:kerndat_get_dirty_track"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["ENOTTY", "EINVAL"],
  run(kernel) {
    return withPage(kernel.sys, (page) => {
      const seen = categories(kernel, page, WANTED, "ioctl(pagemap, PAGEMAP_SCAN, a written page)");
      if (typeof seen !== "number") return seen;
      if ((seen & (PAGE_IS_PRESENT | PAGE_IS_SWAPPED)) !== 0) return supported();
      return inconclusive("PAGEMAP_SCAN was accepted, but does not report a page that was written to");
    });
  },
});
