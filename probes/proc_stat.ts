import { readFd } from "../ffi/files.ts";
import { parseStat } from "../proc/stat.ts";
import { blocked, defineProbe, supported, unsupported } from "./probe.ts";
import { coveredProc } from "./procfs.ts";

const PATH = "/proc/self/stat";
/** exit_code, the last one that CRIU reads. */
const FIELDS = 52;

export default defineProbe({
  id: "proc_stat",
  criuName: null,
  title: "all 52 fields of /proc/PID/stat",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.5",
  impact: "the borders of arguments and environment, the start time and the exit code of tasks cannot be dumped",
  kconfig: ["CONFIG_PROC_FS"],
  modules: [],
  rights: [],
  mend: "boot Linux 3.5 or newer built with CONFIG_PROC_FS=y",
  references: ["man:proc_pid_stat(5)", "linux:fs/proc/array.c do_task_stat", "criu:check_proc_stat"],
  autoloads: [],
  criuFaults: [],
  absentOn: [],
  run(kernel) {
    const { sys } = kernel;
    using file = sys.open(PATH);
    const covered = coveredProc(kernel, file, PATH);
    if (covered) return blocked(`${PATH} is not the kernel's`, covered);
    const fields = parseStat(new TextDecoder().decode(readFd(sys, file.number, PATH, 4096)));
    sys.note(`read(${PATH})`, `${fields.length} fields`);
    if (fields.length < FIELDS) return unsupported(`read(${PATH}) tells ${fields.length} fields, not ${FIELDS}`);
    const bad = fields.findIndex((value, i) => i !== 1 && !(i === 2 ? /^\S$/ : /^-?\d+$/).test(value));
    return bad < 0 ? supported() : unsupported(`read(${PATH}) has no number in field ${bad + 1}`);
  },
});
