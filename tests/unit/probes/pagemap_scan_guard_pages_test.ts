import pagemap_scan_guard_pages from "../../../probes/pagemap_scan_guard_pages.ts";
import type { Call } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const files = { "/proc/self/pagemap": "", "/proc/self/maps": "" };
const GUARD = 0x100;
const report = (categories: number) => ({ args: [, , at], memory }: Call) => {
  const field = (offset: number) => Number(memory.u64(at! + offset));
  if ((field(88) & GUARD) === 0) return "EFAULT";
  memory.setU64(field(40), field(16));
  memory.setU64(field(40) + 16, categories);
  return 1;
};
const guarded = ({ args: [, size, advice] }: Call) => size === 4096 && advice === 102 ? 0 : "EINVAL";

probeCases(pagemap_scan_guard_pages, [
  ["a guard page is reported", { files, calls: { madvise: guarded, ioctl: report(GUARD | 0x10) } }, "SUPPORTED"],
  [
    "it is reported without its category",
    { files, calls: { madvise: guarded, ioctl: report(0x10) } },
    "INCONCLUSIVE",
    /does not report a guard page/,
  ],
  [
    "no guard page can be made",
    { files, calls: { madvise: "EINVAL", ioctl: report(8) } },
    "INCONCLUSIVE",
    /no guard page/,
  ],
  [
    "there are guard pages, but not the category",
    { files, calls: { madvise: guarded, ioctl: "EINVAL" } },
    "UNSUPPORTED",
    /a guard page\): EINVAL/,
  ],
  ["there are neither", { files, calls: { madvise: "EINVAL", ioctl: "EINVAL" } }, "UNSUPPORTED", /EINVAL/],
  ["the request is unknown", { files, calls: { madvise: "EINVAL", ioctl: "ENOTTY" } }, "UNSUPPORTED", /ENOTTY/],
  ["another errno comes", { files, calls: { madvise: guarded, ioctl: "EFAULT" } }, "INCONCLUSIVE", /EFAULT/],
]);
