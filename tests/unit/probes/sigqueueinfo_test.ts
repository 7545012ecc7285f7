import { PTRACE_SEIZE } from "../../../ffi/uapi.ts";
import sigqueueinfo from "../../../probes/sigqueueinfo.ts";
import { type Call, type FakeMachine, FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

/** A kernel that answers `sent`, and gives the signal to the child with this si_code. */
const kernel = (sent: number | string, code: number): NonNullable<FakeMachine["calls"]> => ({
  rt_sigprocmask: 0,
  rt_sigqueueinfo: ({ child }) => child ? sent : "EFAULT",
  rt_sigtimedwait({ args: [, info], memory }: Call) {
    memory.setI32(info! + 8, code);
    return 10;
  },
});
const filtered = {
  "/proc/self/status": FILTERED_STATUS,
  "/proc/kallsyms": "0000000000000000 T __x64_sys_rt_sigqueueinfo\n",
};

probeCases(sigqueueinfo, [
  ["the code arrives", { calls: kernel(0, 1) }, "SUPPORTED"],
  ["another code arrives", { calls: kernel(0, -1) }, "UNSUPPORTED", /si_code -1/],
  [
    "the kernel keeps positive codes for itself",
    { calls: kernel("EPERM", 1) },
    "UNSUPPORTED",
    /rt_sigqueueinfo.*EPERM/,
  ],
  [
    "a filter keeps it back",
    { calls: { ...kernel("EPERM", 1), rt_sigqueueinfo: "EPERM" }, files: filtered },
    "BLOCKED",
    /seccomp/,
  ],
  [
    "it is kept back, and not by a filter alone",
    { calls: kernel("EPERM", 1), files: filtered },
    "INCONCLUSIVE",
    /EPERM/,
  ],
  ["it fails otherwise", { calls: kernel("EAGAIN", 1) }, "INCONCLUSIVE", /EAGAIN/],
  ["no signal comes, it is said", { calls: { ...kernel(0, 1), rt_sigtimedwait: 0 } }, "INCONCLUSIVE", /signal 0/],
  ["no signal comes", { calls: { ...kernel(0, 1), rt_sigtimedwait: "EAGAIN" } }, "INCONCLUSIVE", /rt_sigtimedwait/],
  ["tracing is refused", { calls: kernel(0, 1), ptrace: { [PTRACE_SEIZE]: "EPERM" } }, "INCONCLUSIVE", /SEIZE/],
  [
    "Yama forbids tracing",
    { ptrace: { [PTRACE_SEIZE]: "EPERM" }, files: { "/proc/sys/kernel/yama/ptrace_scope": "3\n" } },
    "BLOCKED",
    /SEIZE/,
  ],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);
