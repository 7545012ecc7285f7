import { askWritable } from "./procfs.ts";
import { defineProbe } from "./probe.ts";

const PATH = "/proc/sys/kernel/ns_last_pid";

export default defineProbe({
  id: "ns_last_pid",
  criuName: null,
  title: "writing kernel.ns_last_pid",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.3",
  impact: "tasks and threads cannot be restored with their PIDs where clone3 with set_tid is missing",
  kconfig: ["CONFIG_CHECKPOINT_RESTORE", "CONFIG_PID_NS", "CONFIG_PROC_SYSCTL"],
  modules: [],
  rights: [
    { writable: PATH },
    { capability: ["CAP_CHECKPOINT_RESTORE", "CAP_SYS_ADMIN"], over: "pid" },
  ],
  mend: "boot a kernel built with CONFIG_CHECKPOINT_RESTORE=y, CONFIG_PID_NS=y and CONFIG_PROC_SYSCTL=y",
  references: ["man:proc(5)", "linux:kernel/pid_namespace.c pid_ns_ctl_handler", "criu:check_ns_last_pid"],
  autoloads: [],
  criuFaults: [{
    when: ["BLOCKED"],
    applies: (_answer, evidence) => evidence.some(({ call, errno }) => call.startsWith("write(") && errno === "EPERM"),
    says: "SUPPORTED",
    why: "it looks at the file's mode only, which is 0666; the kernel refuses the write itself without the capability",
    reproduce: "unshare -Ur criu --unprivileged check",
  }],
  absentOn: ["ENOENT"],
  // The kernel looks at the capability before it looks at what is written (pid_ns_ctl_handler).
  run: (kernel) => askWritable(kernel, PATH),
});
