import { defineProbe, inconclusive, supported, unsupported } from "./probe.ts";

/** KCMP_VM, linux/kcmp.h: do two processes share their address space? */
const KCMP_VM = 1;
/** KCMP_FILE: are two descriptors the same open file? */
const KCMP_FILE = 0;

export default defineProbe({
  id: "kcmp",
  criuName: null,
  title: "kcmp(2)",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.5",
  impact: "a dump cannot find out which tasks share memory, files and descriptors",
  kconfig: ["CONFIG_KCMP", "CONFIG_CHECKPOINT_RESTORE"],
  modules: [],
  rights: [],
  mend: "boot a kernel built with CONFIG_KCMP=y (before Linux 5.12: CONFIG_CHECKPOINT_RESTORE=y)",
  references: ["man:kcmp(2)", "linux:kernel/kcmp.c", "criu:check_kcmp"],
  autoloads: [],
  criuFaults: [{
    when: ["BLOCKED"],
    applies: (_answer, evidence) => !evidence.some(({ errno }) => errno === "ENOSYS"),
    says: "SUPPORTED",
    why:
      "it asks with invalid arguments and takes every errno but ENOSYS for a yes, also the EPERM of a seccomp filter",
    reproduce: "criu check under a seccomp filter that answers kcmp with EPERM",
  }],
  absentOn: ["ENOSYS"],
  run({ sys, pid }) {
    const same = sys.ask("kcmp(self, self, KCMP_VM)", pid, pid, KCMP_VM, 0, 0);
    if (same !== 0) return unsupported(`kcmp(self, self, KCMP_VM) answers ${same} instead of 0`);
    // Two that are not the same: a filter that makes up a 0 does so here too.
    const [reader, writer] = sys.pipe();
    using one = reader;
    using other = writer;
    const order = sys.ask(
      "kcmp(self, self, KCMP_FILE, both ends of a pipe)",
      pid,
      pid,
      KCMP_FILE,
      one.number,
      other.number,
    );
    return order > 0 ? supported() : inconclusive("kcmp(self, self, KCMP_FILE) takes both ends of a pipe for one file");
  },
});
