import { reap } from "../ffi/subject.ts";
import { __WALL, CLONE_NEWPID, CLONE_PARENT, PTRACE_O_TRACECLONE, WNOHANG } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";
import { TRACING } from "./rights.ts";

export default defineProbe({
  id: "clone_parent_newpid",
  criuName: null,
  title: "clone(CLONE_PARENT | CLONE_NEWPID)",
  category: "EXTRA",
  subject: "KERNEL",
  since: "3.13",
  impact: "a container with a pid namespace of its own cannot be restored as a sibling of CRIU (--restore-sibling)",
  kconfig: ["CONFIG_PID_NS"],
  modules: [],
  rights: [{ capability: "CAP_SYS_ADMIN", over: "own" }, ...TRACING],
  mend: "boot Linux 3.13 or newer built with CONFIG_PID_NS=y",
  references: ["man:clone(2)", "linux:kernel/fork.c copy_process", "criu:check_clone_parent_vs_pid"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EINVAL"],
  run({ sys, subject }) {
    const status = sys.memory.alloc(8);
    // The new task becomes our child and is traced like the one that makes it: it never runs, and dies with us.
    using child = subject({ options: PTRACE_O_TRACECLONE });
    if (child.sys.call("getpid") !== child.pid) {
      return inconclusive(
        "children of this process are made in another pid namespace: there the first one may not do it",
      );
    }
    const task = child.sys.ask("clone(CLONE_PARENT | CLONE_NEWPID)", CLONE_PARENT | CLONE_NEWPID, 0, 0, 0, 0);
    // Nothing is killed that is not ours: a seccomp filter can make any answer up.
    if (task <= 0 || sys.try("wait4", task, status, __WALL | WNOHANG, 0) < 0) {
      return inconclusive(`clone(CLONE_PARENT | CLONE_NEWPID) answers ${task}, which is no child of this process`);
    }
    reap(sys, task);
    return supported();
  },
});
