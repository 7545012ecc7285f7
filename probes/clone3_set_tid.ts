import { SysError } from "../ffi/errno.ts";
import { struct } from "../ffi/struct.ts";
import { reap } from "../ffi/subject.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";

const EEXIST = 17;
/** Of Linux 5.5 (CLONE_ARGS_SIZE_VER1); 5.3 and 5.4 answer E2BIG to the two last fields. */
const CLONE_ARGS = struct("clone_args", 80, { set_tid: [64, "u64"], set_tid_size: [72, "u64"] });

export default defineProbe({
  id: "clone3_set_tid",
  criuName: "clone3_set_tid",
  title: "clone3(2) with set_tid",
  category: "EXTRA",
  subject: "KERNEL",
  since: "5.5",
  impact: "tasks get their old pids only by a race for ns_last_pid",
  kconfig: [],
  modules: [],
  rights: [{ capability: ["CAP_CHECKPOINT_RESTORE", "CAP_SYS_ADMIN"], over: "pid" }],
  mend: "boot Linux 5.5 or newer",
  references: ["man:clone3(2)", "linux:kernel/pid.c alloc_pid", "criu:kerndat_has_clone3_set_tid"],
  autoloads: [],
  criuFaults: [{
    when: ["BLOCKED"],
    applies: (answer) => answer.verdict === "BLOCKED" && answer.remedies[0].cause === "CAPABILITY",
    says: "SUPPORTED",
    why: "it asks with an invalid set_tid, which is refused before the kernel looks at the caller's rights",
    reproduce: "unshare -U -r criu check --feature clone3_set_tid, where another user namespace owns the pid namespace",
  }],
  absentOn: ["ENOSYS", "E2BIG"],
  run({ sys, pid }) {
    const { memory } = sys;
    const tids = memory.alloc(4);
    // A pid in use: the kernel looks at the rights before it looks whether the pid is free, and makes no task.
    memory.setI32(tids, pid);
    const args = CLONE_ARGS.pack(memory, { set_tid: tids, set_tid_size: 1 });
    const text = "clone3(set_tid: a pid in use)";
    const made = sys.look(text, args, CLONE_ARGS.size);
    // Something that is no Linux may have made a task all the same; then this is it, and it must not go on.
    if (made === 0 && sys.try("getpid") !== pid) sys.try("exit_group", 1);
    if (made === -EEXIST) return supported();
    if (made < 0) throw new SysError(text, -made);
    if (made > 0) reap(sys, made);
    return inconclusive(`${text} answers ${made} instead of EEXIST`);
  },
});
