import { SysError } from "../ffi/errno.ts";
import { SIG_BLOCK, SIGUSR1 } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported, unsupported } from "./probe.ts";
import { TRACING } from "./rights.ts";

/** A si_code that only the kernel gives by itself: positive. */
const SI_CODE = 1;
const SIGINFO = 128;

export default defineProbe({
  id: "sigqueueinfo",
  criuName: null,
  title: "rt_sigqueueinfo(2) of any siginfo to oneself",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.9",
  impact: "signals that were pending cannot be restored as they were",
  kconfig: [],
  modules: [],
  rights: TRACING,
  mend: "boot Linux 3.9 or newer",
  references: ["man:rt_sigqueueinfo(2)", "linux:kernel/signal.c do_rt_sigqueueinfo", "criu:check_sigqueuinfo"],
  autoloads: [],
  criuFaults: [],
  absentOn: [],
  run({ sys, host, subject }) {
    const { memory } = sys;
    const mask = memory.alloc(8);
    memory.setU64(mask, 1 << (SIGUSR1 - 1));
    const info = memory.alloc(SIGINFO), got = memory.alloc(SIGINFO), now = memory.alloc(16);
    memory.setI32(info + 8, SI_CODE);
    // In a child: a signal to this process could end it.
    using child = subject();
    child.sys.call("rt_sigprocmask", SIG_BLOCK, mask, 0, 8);
    const call = "rt_sigqueueinfo(self, SIGUSR1, si_code 1)";
    // An old kernel keeps positive codes for itself; a process has every other right over itself.
    const sent = child.sys.look(call, child.pid, SIGUSR1, info);
    if (sent === -1 /* EPERM */ && !host.filtered) return unsupported(`${call}: EPERM`);
    if (sent < 0) throw new SysError(call, -sent);
    const signal = child.sys.ask("rt_sigtimedwait(SIGUSR1)", mask, got, now, 8);
    if (signal !== SIGUSR1) return inconclusive(`rt_sigtimedwait(SIGUSR1) gives signal ${signal}`);
    const code = new DataView(child.read(got, 16).buffer).getInt32(8, true);
    return code === SI_CODE ? supported() : unsupported(`rt_sigtimedwait(SIGUSR1) gives si_code ${code}, not 1`);
  },
});
