import { SysError } from "../ffi/errno.ts";
import { PR_GET_TID_ADDRESS, PR_SET_MM, PR_SET_MM_AUXV, PR_SET_MM_BRK, PR_SET_MM_EXE_FILE } from "../ffi/uapi.ts";
import { type Answer, defineProbe, inconclusive, type Kernel, supported } from "./probe.ts";
import { mapSize } from "./prctl_mm_map.ts";
import { TRACING } from "./rights.ts";

const EPERM = 1;

export default defineProbe({
  id: "prctl_mm_old",
  criuName: null,
  title: "PR_GET_TID_ADDRESS and PR_SET_MM",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.5",
  impact: "the borders of code, data, heap and stack, the arguments and the program's file cannot be restored",
  kconfig: ["CONFIG_CHECKPOINT_RESTORE"],
  modules: [],
  rights: [{ capability: "CAP_SYS_RESOURCE", over: "initial" }, ...TRACING],
  mend: "boot Linux 3.5 or newer built with CONFIG_CHECKPOINT_RESTORE=y",
  references: ["man:PR_SET_MM(2const)", "man:PR_GET_TID_ADDRESS(2const)", "criu:check_prctl_cat1"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EINVAL"],
  run(kernel) {
    const { memory } = kernel.sys;
    const address = memory.store(new Array(8).fill(0xff));
    const text = "prctl(PR_GET_TID_ADDRESS)";
    const told = kernel.sys.look(text, PR_GET_TID_ADDRESS, address, 0, 0, 0);
    // Only the kernel's old form takes a capability; under a filter a refusal of the others tells nothing of it.
    if (told === -EPERM && kernel.host.filtered) return inconclusive(`${text}: EPERM`);
    if (told < 0) throw new SysError(text, -told);
    if (memory.u64(address) === 0xffffffffffffffffn) return inconclusive("prctl(PR_GET_TID_ADDRESS) tells no address");
    try {
      return mapSize(kernel) > 0 ? supported() : inconclusive("prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE) tells no size");
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      if (error.code === "EPERM" && kernel.host.filtered) return inconclusive(error.message);
      if (error.code !== "EINVAL") throw error;
      return oldForm(kernel);
    }
  },
});

/** One value at a time, as before Linux 3.18; in a child, because it replaces the auxiliary vector. */
function oldForm({ sys, subject }: Kernel): Answer {
  const vector = sys.memory.alloc(8);
  using child = subject();
  const end = child.sys.call("brk", 0);
  child.sys.ask("prctl(PR_SET_MM, PR_SET_MM_BRK)", PR_SET_MM, PR_SET_MM_BRK, end, 0, 0);
  const text = "prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, -1)";
  const file = child.sys.look(text, PR_SET_MM, PR_SET_MM_EXE_FILE, -1, 0, 0);
  if (file >= 0) return inconclusive(`${text} answers ${file}, though there is no such file`);
  if (file !== -9 /* EBADF: it looked for the file */) throw new SysError(text, -file);
  child.sys.ask("prctl(PR_SET_MM, PR_SET_MM_AUXV)", PR_SET_MM, PR_SET_MM_AUXV, vector, 8, 0);
  return supported();
}
