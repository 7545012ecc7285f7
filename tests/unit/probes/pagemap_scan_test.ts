import pagemap_scan from "../../../probes/pagemap_scan.ts";
import { type Call, FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const files = { "/proc/self/pagemap": "", "/proc/self/maps": "" };
/** Reports one region of these categories for what CRIU's masks ask. */
const report = (categories: number, found = 1) => ({ args: [, request, at], memory }: Call) => {
  const field = (offset: number) => Number(memory.u64(at! + offset));
  if (request !== 0xc0606610 || field(0) !== 96) return "ENOTTY";
  const masks = [64, 72, 80, 88].map(field);
  if (masks.join() !== [0x24, 0x24, 0x18, 0x98].join()) return "EINVAL";
  memory.setU64(field(40), field(16));
  memory.setU64(field(40) + 8, field(24));
  memory.setU64(field(40) + 16, categories);
  return found;
};

probeCases(pagemap_scan, [
  ["a written page is present", { files, calls: { ioctl: report(8) } }, "SUPPORTED"],
  ["a written page is swapped", { files, calls: { ioctl: report(0x90) } }, "SUPPORTED"],
  ["a written page is neither", { files, calls: { ioctl: report(0x80) } }, "INCONCLUSIVE", /does not report/],
  ["no page is reported", { files, calls: { ioctl: report(8, 0) } }, "INCONCLUSIVE", /does not report/],
  ["the request is unknown", { files, calls: { ioctl: "ENOTTY" } }, "UNSUPPORTED", /PAGEMAP_SCAN.*ENOTTY/],
  ["a category is unknown", { files, calls: { ioctl: "EINVAL" } }, "UNSUPPORTED", /EINVAL/],
  ["there is no pagemap", { files: { "/proc/self/maps": "" } }, "UNSUPPORTED", /no pagemap/],
  ["/proc is not mounted", {}, "INCONCLUSIVE", /ENOENT/],
  [
    "the pagemap may not be read",
    { files: { ...files, "/proc/self/pagemap": "!EPERM" } },
    "INCONCLUSIVE",
    /EPERM/,
  ],
  ["another errno comes", { files, calls: { ioctl: "EFAULT" } }, "INCONCLUSIVE", /EFAULT/],
  [
    "a filter answers it",
    { calls: { ioctl: "ENOTTY" }, files: { ...files, "/proc/self/status": FILTERED_STATUS } },
    "INCONCLUSIVE",
    /seccomp/,
  ],
]);
