import { SysError } from "../ffi/errno.ts";
import { type CriuFault, defineProbe, inconclusive, supported, unsupported } from "./probe.ts";
import { TRACING } from "./rights.ts";

const ARCH_MAP_VDSO_32 = 0x2002;

/** A kernel that runs its tasks without a vDSO maps one when asked, and answers its size. */
export const SIZE_TAKEN_FOR_NO: CriuFault = {
  when: ["SUPPORTED"],
  applies: (_answer, evidence) =>
    evidence.some(({ call, errno }) => call.startsWith("arch_prctl(ARCH_MAP_VDSO_32") && errno === null),
  says: "UNSUPPORTED",
  why: "it takes only 0 and EEXIST for a yes, and the kernel answers the size of the vDSO that it has just mapped",
  reproduce: "criu check --feature can_map_vdso on a kernel booted with vdso=0",
};

export default defineProbe({
  id: "can_map_vdso",
  criuName: "can_map_vdso",
  title: "arch_prctl(ARCH_MAP_VDSO_32)",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.9",
  impact: "the vDSO is moved with mremap instead of being mapped where it was, and 32-bit tasks cannot be restored",
  kconfig: ["CONFIG_IA32_EMULATION", "CONFIG_CHECKPOINT_RESTORE"],
  modules: [],
  rights: TRACING,
  mend: "boot Linux 4.9 or newer built with CONFIG_IA32_EMULATION=y and CONFIG_CHECKPOINT_RESTORE=y",
  references: ["man:arch_prctl(2)", "linux:arch/x86/kernel/process_64.c prctl_map_vdso", "criu:kdat_can_map_vdso"],
  autoloads: [],
  notOn: {
    aarch64: {
      why: "arch_prctl(2) is of x86 only",
      text: "nothing has to be done: CRIU moves the vDSO with mremap(2) on aarch64",
    },
  },
  criuFaults: [SIZE_TAKEN_FOR_NO],
  absentOn: ["EINVAL"],
  run({ sys, subject }) {
    const { name, syscalls } = sys.arch;
    if (syscalls.arch_prctl === undefined) return unsupported(`${name} has no arch_prctl(2)`);
    using child = subject();
    const call = "arch_prctl(ARCH_MAP_VDSO_32, 0)";
    const result = child.sys.look(call, ARCH_MAP_VDSO_32, 0);
    // EEXIST: it would map one, were there none yet. Otherwise the size of what was mapped.
    if (result > 0 || result === -17 /* EEXIST */) return supported();
    if (result === 0) return inconclusive(`${call} answers 0, though a vDSO has a size`);
    throw new SysError(call, -result);
  },
});
