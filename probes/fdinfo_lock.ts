import { LOCK_SH } from "../ffi/uapi.ts";
import { readText } from "../ffi/files.ts";
import { defineProbe, inconclusive, lacking, supported } from "./probe.ts";

const LOCK_NB = 4;

export default defineProbe({
  id: "fdinfo_lock",
  criuName: "fdinfo_lock",
  title: "file locks in /proc/PID/fdinfo",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.1",
  impact:
    "locks cannot be matched to the descriptors that hold them: processes with file locks cannot be dumped safely",
  kconfig: ["CONFIG_FILE_LOCKING", "CONFIG_PROC_FS"],
  modules: [],
  rights: [],
  mend: "boot Linux 4.1 or newer built with CONFIG_FILE_LOCKING=y",
  references: ["man:proc_pid_fdinfo(5)", "linux:fs/locks.c show_fd_locks", "criu:kerndat_fdinfo_has_lock"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["ENOSYS"],
  run({ sys, host }) {
    // A folder of this process: nobody else can have a lock on it, and ours ends with the descriptor.
    using file = sys.open("/proc/self/fdinfo");
    sys.ask("flock(fd, LOCK_SH)", file.number, LOCK_SH | LOCK_NB);
    const text = readText(sys, `/proc/self/fdinfo/${file.number}`);
    const line = text.split("\n").find((one) => one.startsWith("lock:"));
    sys.note("read(/proc/self/fdinfo/N)", line?.replace("\t", " ") ?? "no lock");
    if (line && /\bFLOCK +ADVISORY +READ\b/.test(line)) return supported();
    if (line) return inconclusive("/proc/self/fdinfo/N has a line lock that does not tell the lock just taken");
    if (/^flags:\t/m.test(text)) return lacking(host, "/proc/self/fdinfo/N has no line lock for the lock just taken");
    return inconclusive("/proc/self/fdinfo/N does not have the lines of an open file");
  },
});
