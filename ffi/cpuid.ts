import { SysError } from "./errno.ts";
import { machineCode } from "./machine_code.ts";
import type { Sys } from "./sys.ts";

/** arch_prctl(2): 1 where CPUID runs in user space, 0 where it faults. */
const ARCH_GET_CPUID = 0x1011;

/** What one CPUID leaf answers. */
export interface CpuidLeaf {
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

/** Asks for one leaf and subleaf. */
export type AskCpuid = (leaf: number, subleaf: number) => CpuidLeaf;

/**
 * Lets `use` ask this processor by the CPUID instruction itself, as criu does. Returns undefined where that cannot be
 * done: another architecture, memory that may not become code, or a task for which the instruction faults.
 */
export function withCpuid<T>(sys: Sys, use: (ask: AskCpuid) => T): T | undefined {
  const { cpuid } = sys.arch;
  // EINVAL or ENODEV: this kernel or processor cannot make it fault, so it does not.
  if (!cpuid || sys.try("arch_prctl", ARCH_GET_CPUID, 0) === 0) return undefined;
  const { memory } = sys;
  const mark = memory.mark();
  try {
    using code = machineCode(sys, cpuid.instruction);
    const out = memory.alloc(16);
    return use((leaf, subleaf) => {
      code.run(leaf, subleaf, out);
      return { eax: memory.u32(out), ebx: memory.u32(out + 4), ecx: memory.u32(out + 8), edx: memory.u32(out + 12) };
    });
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  } finally {
    memory.release(mark);
  }
}

/** XCR0: the state components that the kernel has switched on. Only where CPUID leaf 1 says OSXSAVE. */
export function readXcr0(sys: Sys): bigint | undefined {
  const { cpuid } = sys.arch;
  if (!cpuid) return undefined;
  const { memory } = sys;
  const mark = memory.mark();
  try {
    using code = machineCode(sys, cpuid.xgetbv);
    const out = memory.alloc(8);
    code.run(0, 0, out);
    return memory.u64(out);
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  } finally {
    memory.release(mark);
  }
}
