import { SIZE_TAKEN_FOR_NO } from "./can_map_vdso.ts";
import { DeathError } from "../ffi/subject.ts";
import { errnoName, SysError } from "../ffi/errno.ts";
import { MAP_ANONYMOUS, MAP_PRIVATE, SIGSEGV } from "../ffi/uapi.ts";
import type { Host } from "../host/host.ts";
import { type Answer, blocked, defineProbe, inconclusive, type Remedy, supported, unsupported } from "./probe.ts";
import { TRACING } from "./rights.ts";

const EEXIST = 17;
const ENOMEM = 12;

export default defineProbe({
  id: "compat_cr",
  criuName: "compat_cr",
  title: "32-bit tasks on a 64-bit kernel",
  category: "EXPERIMENTAL",
  subject: "KERNEL",
  since: "4.12",
  impact: "no 32-bit program can be dumped or restored",
  kconfig: ["CONFIG_IA32_EMULATION", "CONFIG_CHECKPOINT_RESTORE"],
  modules: [],
  rights: TRACING,
  mend: "boot Linux 4.12 or newer built with CONFIG_IA32_EMULATION=y and CONFIG_CHECKPOINT_RESTORE=y",
  references: ["man:syscall(2)", "linux:arch/x86/kernel/process_64.c do_arch_prctl_64", "criu:kdat_compatible_cr"],
  autoloads: [],
  notOn: {
    aarch64: {
      why: "CRIU can restore 32-bit tasks on x86_64 only",
      text: "run 64-bit programs where they are to be dumped",
    },
  },
  criuFaults: [SIZE_TAKEN_FOR_NO],
  absentOn: ["EINVAL"],
  run({ sys, host, subject }) {
    const { compat } = sys.arch;
    if (!compat) return unsupported(`CRIU cannot restore 32-bit tasks on ${sys.arch.name}`);
    const resident = sys.memory.alloc(8);
    using child = subject();
    const mapText = "arch_prctl(ARCH_MAP_VDSO_32, 0)";
    const mapped = child.sys.look(mapText, compat.mapVdso, 0);
    // EEXIST: the kernel would map it, once the child's own vDSO is gone.
    if (mapped < 0 && mapped !== -EEXIST) {
      throw new SysError(mapText, -mapped);
    }
    const text = `${compat.name} mmap2(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS)`;
    let address: number;
    try {
      address = child.compatCall(compat.mmap2, [0, sys.page, 0, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0], text);
    } catch (error) {
      if (!(error instanceof DeathError) || error.status.kind === "exited") throw error;
      if (error.status.signal !== SIGSEGV) throw error;
      sys.note(text, "SIGSEGV");
      return switchedOff(`${text}: SIGSEGV`, host);
    }
    sys.note(text, address < 0 ? errnoName(-address) : `0x${address.toString(16)}`);
    if (address < 0) return inconclusive(`${text}: ${errnoName(-address)}`, host.filtered ? [SANDBOX] : undefined);
    // Before Linux 4.12 the page lay above 4 GiB, and only the lower half of its address was told.
    const there = child.sys.look("mincore(the page mapped)", address, sys.page, resident);
    if (there === 0) return supported();
    if (there !== -ENOMEM) return inconclusive(`mincore(the page mapped): ${errnoName(-there)}`);
    return unsupported(
      `${text} answers 0x${address.toString(16)}, where nothing is mapped: a 32-bit task would be lost`,
    );
  },
});

const SANDBOX: Remedy = {
  cause: "UNDETERMINED",
  why: "a seccomp filter may have answered instead of the kernel",
  text: "run outside of the sandbox, without a seccomp filter",
  command: null,
};

/** The kernel has the 32-bit calls, which its vDSO shows, yet does not take them: why, as far as it can be told. */
function switchedOff(reason: string, host: Host): Answer {
  const given = /(?:^|\s)ia32_emulation=(\S*)/.exec(host.read("/proc/cmdline") ?? "")?.[1];
  if (given && /^(0|n|no|off|f|false)$/i.test(given)) {
    return blocked(reason, {
      cause: "BOOT_OPTION",
      why: `ia32_emulation=${given} is on the kernel's command line`,
      text: "boot without it",
      command: null,
    });
  }
  if (host.kconfig.value("CONFIG_IA32_EMULATION_DEFAULT_DISABLED") === "y") {
    return blocked(reason, {
      cause: "BOOT_OPTION",
      why: `CONFIG_IA32_EMULATION_DEFAULT_DISABLED is set in ${host.kconfig.source}`,
      text: "boot with ia32_emulation=1",
      command: null,
    });
  }
  return unsupported(reason, [{
    cause: "UNDETERMINED",
    why: "the kernel has 32-bit calls, but switched them off, as it does by itself in confidential virtual machines",
    text: "boot with ia32_emulation=1, or look into the kernel's log for the reason",
    command: null,
  }]);
}
