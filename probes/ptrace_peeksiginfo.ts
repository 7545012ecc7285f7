import { PTRACE_GETSIGMASK, PTRACE_PEEKSIGINFO, SIG_BLOCK, SIGUSR1 } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";
import { TRACING } from "./rights.ts";

const PTRACE_PEEKSIGINFO_SHARED = 1;
const SIGINFO = 128;

export default defineProbe({
  id: "ptrace_peeksiginfo",
  criuName: null,
  title: "PTRACE_PEEKSIGINFO and PTRACE_GETSIGMASK",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.11",
  impact: "no task can be dumped: its pending and blocked signals cannot be read",
  kconfig: [],
  modules: [],
  rights: TRACING,
  mend: "boot Linux 3.11 or newer",
  references: ["man:ptrace(2)", "linux:kernel/ptrace.c ptrace_peek_siginfo", "criu:check_ptrace_peeksiginfo"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EIO"],
  run({ sys, subject }) {
    const { memory } = sys;
    const mask = memory.alloc(8), seen = memory.alloc(8), info = memory.alloc(SIGINFO);
    memory.setU64(mask, 1 << (SIGUSR1 - 1));
    const args = memory.alloc(16); // struct ptrace_peeksiginfo_args { u64 off; u32 flags; s32 nr; }
    memory.setU32(args + 8, PTRACE_PEEKSIGINFO_SHARED);
    memory.setI32(args + 12, 1);
    using child = subject();
    child.sys.call("rt_sigprocmask", SIG_BLOCK, mask, 0, 8);
    sys.call("kill", child.pid, SIGUSR1);
    const count = child.ask("PTRACE_PEEKSIGINFO, child, shared", PTRACE_PEEKSIGINFO, args, info);
    if (count !== 1 || memory.i32(info) !== SIGUSR1) {
      return inconclusive(
        `ptrace(PTRACE_PEEKSIGINFO) shows ${count} pending signals of signal ${memory.i32(info)}, not 1`,
      );
    }
    child.ask("PTRACE_GETSIGMASK, child", PTRACE_GETSIGMASK, 8, seen);
    return memory.u64(seen) === memory.u64(mask)
      ? supported()
      : inconclusive(`ptrace(PTRACE_GETSIGMASK) tells ${memory.u64(seen)}, not ${memory.u64(mask)}`);
  },
});
