import { PTRACE_POKEUSER, PTRACE_SEIZE } from "../../../ffi/uapi.ts";
import breakpoints from "../../../probes/breakpoints.ts";
import { type Call, NOBODY_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const STOPPED = 0x7f;
const SIGSEGV = 11;
/** The first register takes the address of the child's system call instruction, the seventh switches it on. */
const poke = ({ args: [, , offset, data] }: Call) =>
  (offset === 848 && data === 0x5001) || (offset === 904 && data === 1) ? 0 : "EINVAL";

/** prlimit64 that tells a soft limit of 100. */
const limited = ({ args: [, , , at], memory }: Call) => {
  memory.setU64(at!, 100);
  return 0;
};

probeCases(breakpoints, [
  ["a child stops at it", { ptrace: { [PTRACE_POKEUSER]: poke } }, "SUPPORTED"],
  ["a child runs past it", { resumed: 42 << 8 }, "UNSUPPORTED", /ran past/],
  ["a child ends otherwise", { resumed: 1 << 8 }, "INCONCLUSIVE", /exited with 1/],
  ["a child gets another signal", { resumed: (SIGSEGV << 8) | STOPPED }, "INCONCLUSIVE", /signal 11/],
  ["a child is killed", { resumed: 9 }, "INCONCLUSIVE", /killed by signal 9/],
  ["there are no debug registers", { ptrace: { [PTRACE_POKEUSER]: "EIO" } }, "UNSUPPORTED", /u_debugreg.*EIO/],
  ["all are in use", { ptrace: { [PTRACE_POKEUSER]: "ENOSPC" } }, "INCONCLUSIVE", /ENOSPC/],
  [
    "Yama forbids tracing",
    { ptrace: { [PTRACE_SEIZE]: "EPERM" }, files: { "/proc/sys/kernel/yama/ptrace_scope": "3\n" } },
    "BLOCKED",
    /PTRACE_SEIZE/,
  ],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
  [
    "a user's limit of tasks is reached",
    { clone: "EAGAIN", calls: { prlimit64: limited }, files: { "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /clone/,
  ],
  // A limit that root is not bound by is not the cause.
  ["no child can be made, and root has a limit", { clone: "EAGAIN", calls: { prlimit64: limited } }, "INCONCLUSIVE"],
]);
