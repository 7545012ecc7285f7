import { readText } from "../ffi/files.ts";
import { defineProbe, inconclusive, supported, unsupported } from "./probe.ts";

export default defineProbe({
  id: "mnt_id",
  criuName: "mnt_id",
  title: "mnt_id in /proc/PID/fdinfo",
  category: "EXTRA",
  subject: "KERNEL",
  since: "3.15",
  impact: "CRIU cannot tell on which of several mounts an open file is, and must guess from its path",
  kconfig: ["CONFIG_PROC_FS"],
  modules: [],
  rights: [],
  mend: "boot Linux 3.15 or newer",
  references: ["man:proc_pid_fdinfo(5)", "linux:fs/proc/fd.c seq_show", "criu:check_mnt_id"],
  autoloads: [],
  criuFaults: [],
  absentOn: [],
  run({ sys }) {
    using file = sys.open("/proc/self/fdinfo");
    const text = readText(sys, `/proc/self/fdinfo/${file.number}`);
    const line = text.split("\n").find((one) => one.startsWith("mnt_id:"));
    sys.note("read(/proc/self/fdinfo/N)", line?.replace("\t", " ") ?? "no mnt_id");
    if (line && /^mnt_id:\t\d+$/.test(line)) return supported();
    if (line) return inconclusive(`/proc/self/fdinfo/N has "${line.replace("\t", " ")}", which is no mount`);
    // The line before it is as old as the file: without it, it is another file that was read.
    if (/^flags:\t/m.test(text)) return unsupported("/proc/self/fdinfo/N has no line mnt_id");
    return inconclusive("/proc/self/fdinfo/N does not have the lines of an open file");
  },
});
