import { categories, WANTED, withPage } from "./pagemap_scan.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";

/** MADV_GUARD_INSTALL, asm-generic/mman-common.h, since Linux 6.13. */
const MADV_GUARD_INSTALL = 102;
/** linux/fs.h */
const PAGE_IS_GUARD = 1 << 8;

export default defineProbe({
  id: "pagemap_scan_guard_pages",
  criuName: "pagemap_scan_guard_pages",
  title: "PAGE_IS_GUARD of ioctl PAGEMAP_SCAN",
  category: "EXTRA",
  subject: "KERNEL",
  since: "6.16",
  impact: "no process with guard pages of madvise(2) can be dumped; kernels before Linux 6.13 have none",
  kconfig: ["CONFIG_PROC_PAGE_MONITOR"],
  modules: [],
  rights: [],
  mend: "boot Linux 6.16 or newer; before Linux 6.13 nothing can need it",
  references: ["man:madvise(2)", "linux:fs/proc/task_mmu.c", "criu:kerndat_warn_about_madv_guards"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["ENOTTY", "EINVAL"],
  run(kernel) {
    const { sys } = kernel;
    return withPage(sys, (page) => {
      const guarded = sys.look("madvise(a page, MADV_GUARD_INSTALL)", page, sys.page, MADV_GUARD_INSTALL) === 0;
      const name = guarded ? "a guard page" : "a written page";
      const seen = categories(kernel, page, WANTED | PAGE_IS_GUARD, `ioctl(pagemap, PAGEMAP_SCAN, ${name})`);
      if (typeof seen !== "number") return seen;
      if ((seen & PAGE_IS_GUARD) !== 0) return supported();
      return inconclusive(
        guarded
          ? "PAGEMAP_SCAN takes PAGE_IS_GUARD, but does not report a guard page"
          : "PAGEMAP_SCAN takes PAGE_IS_GUARD, but no guard page could be made to see it",
      );
    });
  },
});
