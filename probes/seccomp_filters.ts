import { PR_SET_SECCOMP, PTRACE_SECCOMP_GET_FILTER } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";
import { refusedUnderSeccomp, SECCOMP_TRACING } from "./seccomp_suspend.ts";

const SECCOMP_MODE_FILTER = 2;
/** One instruction, `ret ALLOW` (linux/filter.h: BPF_RET | BPF_K; linux/seccomp.h: SECCOMP_RET_ALLOW). */
const ALLOW_ALL = [0x06, 0, 0, 0, 0x00, 0x00, 0xff, 0x7f];

export default defineProbe({
  id: "seccomp_filters",
  criuName: "seccomp_filters",
  title: "PTRACE_SECCOMP_GET_FILTER",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.4",
  impact: "no process with seccomp filters can be dumped, as in nearly every container",
  kconfig: ["CONFIG_SECCOMP_FILTER", "CONFIG_CHECKPOINT_RESTORE"],
  modules: [],
  rights: SECCOMP_TRACING,
  mend: "boot Linux 4.4 or newer built with CONFIG_SECCOMP_FILTER=y and CONFIG_CHECKPOINT_RESTORE=y",
  references: ["man:ptrace(2)", "linux:kernel/seccomp.c seccomp_get_filter", "criu:check_ptrace_dump_seccomp_filters"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EINVAL", "EIO"],
  symbol: "seccomp_get_filter",
  run({ sys, host, subject }) {
    const { memory } = sys;
    const filter = memory.store(ALLOW_ALL);
    const program = memory.alloc(16); // struct sock_fprog { u16 len; struct sock_filter *filter; }
    memory.setU16(program, 1);
    memory.setU64(program + 8, filter);
    using child = subject();
    child.sys.ask("prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER)", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program);
    try {
      const length = child.ask("PTRACE_SECCOMP_GET_FILTER, child, 0", PTRACE_SECCOMP_GET_FILTER, 0, 0);
      return length === 1 ? supported() : inconclusive(`the filter of 1 instruction is said to have ${length}`);
    } catch (error) {
      return refusedUnderSeccomp(error, host);
    }
  },
});
