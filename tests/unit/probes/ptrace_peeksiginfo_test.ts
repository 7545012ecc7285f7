import { PTRACE_GETSIGMASK, PTRACE_PEEKSIGINFO, PTRACE_SEIZE, SIGUSR1 } from "../../../ffi/uapi.ts";
import ptrace_peeksiginfo from "../../../probes/ptrace_peeksiginfo.ts";
import type { Call, FakeMachine } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const calls = { rt_sigprocmask: 0 };
/** A kernel that shows `count` pending signals of number `signal`, and this mask. */
const shows = (count: number, signal = SIGUSR1, mask = 1 << (SIGUSR1 - 1)): NonNullable<FakeMachine["ptrace"]> => ({
  [PTRACE_PEEKSIGINFO]({ args: [, , , info], memory }: Call) {
    memory.setI32(info!, signal);
    return count;
  },
  [PTRACE_GETSIGMASK]({ args: [, , , at], memory }: Call) {
    memory.setU64(at!, mask);
    return 0;
  },
});

probeCases(ptrace_peeksiginfo, [
  ["the pending signal and the mask are shown", { calls, ptrace: shows(1) }, "SUPPORTED"],
  ["no signal is shown", { calls, ptrace: shows(0) }, "INCONCLUSIVE", /shows 0/],
  ["another signal is shown", { calls, ptrace: shows(1, 9) }, "INCONCLUSIVE", /signal 9/],
  ["another mask is shown", { calls, ptrace: shows(1, SIGUSR1, 0) }, "INCONCLUSIVE", /GETSIGMASK/],
  [
    "the first is unknown",
    { calls, ptrace: { ...shows(1), [PTRACE_PEEKSIGINFO]: "EIO" } },
    "UNSUPPORTED",
    /PEEKSIGINFO.*EIO/,
  ],
  [
    "the second is unknown",
    { calls, ptrace: { ...shows(1), [PTRACE_GETSIGMASK]: "EIO" } },
    "UNSUPPORTED",
    /GETSIGMASK.*EIO/,
  ],
  ["it fails otherwise", { calls, ptrace: { ...shows(1), [PTRACE_PEEKSIGINFO]: "ESRCH" } }, "INCONCLUSIVE", /ESRCH/],
  [
    "Yama forbids tracing",
    { ptrace: { [PTRACE_SEIZE]: "EPERM" }, files: { "/proc/sys/kernel/yama/ptrace_scope": "3\n" } },
    "BLOCKED",
    /SEIZE/,
  ],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);
