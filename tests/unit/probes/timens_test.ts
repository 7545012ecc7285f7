import timens from "../../../probes/timens.ts";
import { PTRACE_SEIZE } from "../../../ffi/uapi.ts";
import { NOBODY_STATUS, ROOT_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const calls = { unshare: 0, write: 14 };
const files = {
  "/proc/self/timens_offsets": "",
  "/proc/4242/timens_offsets": "monotonic          10         0\nboottime           20         0\n",
};
/** All capabilities but CAP_SYS_TIME (25). */
const NO_TIME = ROOT_STATUS.replace("000001ffffffffff", "000001fffdffffff");

probeCases(timens, [
  ["the clocks of a child's namespace are set", { calls, files }, "SUPPORTED"],
  [
    "Linux 5.6.0 shows them by number",
    { calls, files: { ...files, "/proc/4242/timens_offsets": "1 10 0\n7 20 0\n" } },
    "SUPPORTED",
  ],
  [
    "they stay as they were",
    { calls, files: { ...files, "/proc/4242/timens_offsets": "monotonic 0 0\nboottime 0 0\n" } },
    "INCONCLUSIVE",
    /monotonic 0 0/,
  ],
  ["there are no such namespaces", { calls: { unshare: "EINVAL" } }, "UNSUPPORTED", /unshare\(CLONE_NEWTIME\): EINVAL/],
  [
    "no namespace may be made",
    { calls: { unshare: "EPERM" }, files: { "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /unshare/,
  ],
  [
    "no such namespaces are allowed",
    { calls: { unshare: "ENOSPC" }, files: { "/proc/sys/user/max_time_namespaces": "0\n" } },
    "BLOCKED",
    /ENOSPC/,
  ],
  [
    "the clocks may not be set",
    { calls: { ...calls, write: "EPERM" }, files: { ...files, "/proc/self/status": NO_TIME } },
    "BLOCKED",
    /write/,
  ],
  ["/proc hides the file", { calls }, "INCONCLUSIVE", /openat.*ENOENT/],
  ["it is refused without a cause", { calls: { unshare: "EACCES" } }, "INCONCLUSIVE", /EACCES/],
  [
    "Yama forbids tracing",
    { ptrace: { [PTRACE_SEIZE]: "EPERM" }, files: { "/proc/sys/kernel/yama/ptrace_scope": "3\n" } },
    "BLOCKED",
    /PTRACE_SEIZE/,
  ],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);
