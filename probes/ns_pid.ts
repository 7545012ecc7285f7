import { readText } from "../ffi/files.ts";
import { defineProbe, inconclusive, supported, unsupported } from "./probe.ts";

export default defineProbe({
  id: "ns_pid",
  criuName: "ns_pid",
  title: "NSpid in /proc/PID/status",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.1",
  impact: "the pids that tasks have inside of a pid namespace cannot be dumped",
  kconfig: ["CONFIG_PROC_FS", "CONFIG_PID_NS"],
  modules: [],
  rights: [],
  mend: "boot Linux 4.1 or newer built with CONFIG_PID_NS=y",
  references: ["man:proc_pid_status(5)", "linux:fs/proc/array.c task_state", "criu:kerndat_has_nspid"],
  autoloads: [],
  criuFaults: [],
  absentOn: [],
  run({ sys, pid }) {
    const status = readText(sys, "/proc/self/status");
    // Without this line the text is not the kernel's: a file was mounted over it.
    if (!/^Pid:\s*\d+$/m.test(status)) return inconclusive("/proc/self/status has no line that begins with Pid:");
    const line = /^NSpid:\s*(.*)$/m.exec(status)?.[1];
    sys.note("read(/proc/self/status)", line === undefined ? "no NSpid:" : `NSpid: ${line}`);
    if (line === undefined) return unsupported("/proc/self/status has no line that begins with NSpid:");
    // From the namespace of this /proc inwards, so the last one is what getpid(2) answers.
    const innermost = Number(line.split(/\s+/).at(-1));
    if (innermost === pid) return supported();
    return inconclusive(`NSpid: in /proc/self/status ends with "${innermost}", but getpid() answers ${pid}`);
  },
});
