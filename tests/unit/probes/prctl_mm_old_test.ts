import {
  PR_GET_TID_ADDRESS,
  PR_SET_MM_AUXV,
  PR_SET_MM_BRK,
  PR_SET_MM_EXE_FILE,
  PR_SET_MM_MAP_SIZE,
} from "../../../ffi/uapi.ts";
import prctl_mm_old from "../../../probes/prctl_mm_old.ts";
import { type Call, FILTERED_STATUS, NOBODY_STATUS } from "../fake_libc.ts";
import { type Case, probeCases } from "../probe_case.ts";

/** A kernel's prctl: an errno for each of these, success for the rest. */
const prctl = (errors: Record<number, string>) => ({ args: [option, what, address], memory }: Call) => {
  if (option === PR_GET_TID_ADDRESS) {
    if (errors[option]) return errors[option];
    memory.setU64(what!, 0x7f0000001000);
    return 0;
  }
  if (what === PR_SET_MM_MAP_SIZE && !errors[what]) memory.setU32(address!, 104);
  return errors[what!] ?? 0;
};
const OLD = { [PR_SET_MM_MAP_SIZE]: "EINVAL", [PR_SET_MM_EXE_FILE]: "EBADF" };

probeCases(prctl_mm_old, [
  ["both are there", { calls: { prctl: prctl({}) } }, "SUPPORTED"],
  ["only the old form is there", { calls: { brk: 4096, prctl: prctl(OLD) } }, "SUPPORTED"],
  ["no address is told", { calls: { prctl: 0 } }, "INCONCLUSIVE", /no address/],
  [
    "the first is unknown",
    { calls: { prctl: prctl({ [PR_GET_TID_ADDRESS]: "EINVAL" }) } },
    "UNSUPPORTED",
    /TID_ADDRESS.*EINVAL/,
  ],
  [
    "the heap cannot be set",
    { calls: { brk: 4096, prctl: prctl({ ...OLD, [PR_SET_MM_BRK]: "EINVAL" }) } },
    "UNSUPPORTED",
    /BRK.*EINVAL/,
  ],
  [
    "the program's file cannot be set",
    { calls: { brk: 4096, prctl: prctl({ ...OLD, [PR_SET_MM_EXE_FILE]: "EINVAL" }) } },
    "UNSUPPORTED",
    /EXE_FILE.*EINVAL/,
  ],
  [
    "the vector cannot be set",
    { calls: { brk: 4096, prctl: prctl({ ...OLD, [PR_SET_MM_AUXV]: "EINVAL" }) } },
    "UNSUPPORTED",
    /AUXV.*EINVAL/,
  ],
  ...[PR_GET_TID_ADDRESS, PR_SET_MM_MAP_SIZE].map((what): Case => [
    `a filter refuses ${what}, and a capability is missing that would not help`,
    {
      calls: { prctl: prctl({ [what]: "EPERM" }) },
      files: { "/proc/self/status": NOBODY_STATUS.replace("Seccomp:\t0", "Seccomp:\t2") },
    },
    "INCONCLUSIVE",
    /EPERM/,
  ]),
  [
    "the old form lacks its capability",
    {
      calls: { brk: 4096, prctl: prctl({ ...OLD, [PR_SET_MM_BRK]: "EPERM" }) },
      files: { "/proc/self/status": NOBODY_STATUS },
    },
    "BLOCKED",
    /BRK.*EPERM/,
  ],
  [
    "no size is told",
    { calls: { prctl: (call) => call.args[0] === PR_GET_TID_ADDRESS ? prctl({})(call) : 0 } },
    "INCONCLUSIVE",
    /MAP_SIZE/,
  ],
  [
    "a file that is not there is taken",
    { calls: { brk: 4096, prctl: prctl({ [PR_SET_MM_MAP_SIZE]: "EINVAL" }) } },
    "INCONCLUSIVE",
    /EXE_FILE/,
  ],
  ["it fails otherwise", { calls: { prctl: "EFAULT" } }, "INCONCLUSIVE", /EFAULT/],
  [
    "a filter answers",
    { calls: { prctl: "EINVAL" }, files: { "/proc/self/status": FILTERED_STATUS } },
    "INCONCLUSIVE",
    /seccomp/,
  ],
]);
