import { PR_SET_MM, PR_SET_MM_MAP_SIZE } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, type Kernel, supported } from "./probe.ts";

/** The size of struct prctl_mm_map that the kernel knows, in bytes; throws `SysError` where it knows none. */
export function mapSize({ sys }: Kernel): number {
  const size = sys.memory.alloc(8);
  sys.ask("prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE)", PR_SET_MM, PR_SET_MM_MAP_SIZE, size, 0, 0);
  return sys.memory.u32(size);
}

export default defineProbe({
  id: "prctl_mm_map",
  criuName: null,
  title: "prctl(PR_SET_MM, PR_SET_MM_MAP)",
  category: "EXTRA",
  subject: "KERNEL",
  since: "3.18",
  impact: "nothing can be restored inside a user namespace, nor without CAP_SYS_RESOURCE",
  kconfig: ["CONFIG_CHECKPOINT_RESTORE"],
  modules: [],
  rights: [],
  mend: "boot Linux 3.18 or newer built with CONFIG_CHECKPOINT_RESTORE=y",
  references: ["man:PR_SET_MM(2const)", "linux:kernel/sys.c prctl_set_mm", "criu:check_prctl_cat2"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EINVAL"],
  run(kernel) {
    if (mapSize(kernel) > 0) return supported();
    return inconclusive("prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE) tells no size");
  },
});
