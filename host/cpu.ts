import { Affinity } from "../ffi/affinity.ts";
import { type AskCpuid, readXcr0, withCpuid } from "../ffi/cpuid.ts";
import { SysError, TimeoutError } from "../ffi/errno.ts";
import { DeathError, Subject } from "../ffi/subject.ts";
import type { Sys } from "../ffi/sys.ts";
import { PTRACE_GETREGSET } from "../ffi/uapi.ts";
import { vectorFromCpuid } from "../cpu/from_cpuid.ts";
import { processorsAlike, vectorFromProc } from "../cpu/from_proc.ts";
import { type CpuVector, hasNamed } from "../cpu/vector.ts";
import { AT, auxv } from "./auxv.ts";
import type { Host } from "./host.ts";

/**
 * How the processor was asked: by its CPUID instruction as criu asks, by the kernel's device for that, or, where neither
 * may be used, by what the kernel tells of it, which is less.
 */
export type CpuSource = "CPUID_INSTRUCTION" | "CPUID_DEVICE" | "PROC_CPUINFO";

/** The processor of this machine. */
export interface Cpu {
  readonly source: CpuSource;
  readonly vector: CpuVector;
  /** XCR0: the state components that the kernel has switched on; null where it cannot be read. */
  readonly xcr0: bigint | null;
  /** Bytes of the xsave area of a task, as ptrace gives it; null where ptrace is refused. */
  readonly xsaveSizeInUse: number | null;
  /** AT_MINSIGSTKSZ: bytes that the kernel needs on a signal stack, which grows with the xsave area; null before Linux 5.14. */
  readonly signalFrameSize: number | null;
  /** Whether all processors have the same flags in /proc/cpuinfo; null where it does not say. */
  readonly processorsAlike: boolean | null;
}

const DEVICE = "/dev/cpu/0/cpuid";
const NT_X86_XSTATE = 0x202;
/** Where the kernel puts XCR0 into an xsave area it hands out (the bytes that fxsave leaves to software). */
const XCR0_OFFSET = 464;
/** No processor's area is larger. */
const XSTATE_ROOM = 32 * 1024;

/** Asks the processor of this machine; null on an architecture that has no CPUID. */
export function readCpu(sys: Sys, host: Host): Cpu | null {
  if (!sys.arch.cpuid) return null;
  // Processors of one machine may differ: all questions go to one of them.
  using _here = new Affinity(sys);
  const text = host.read("/proc/cpuinfo") ?? "";
  const state = xstate(sys);
  const frame = auxv(host).get(AT.MINSIGSTKSZ);
  const rest = {
    xsaveSizeInUse: state?.size ?? null,
    signalFrameSize: frame === undefined ? null : Number(frame),
    processorsAlike: processorsAlike(text),
  };
  const asked = withCpuid(sys, vectorFromCpuid);
  if (asked) {
    const xcr0 = hasNamed(asked, "osxsave") ? readXcr0(sys) : undefined;
    return { source: "CPUID_INSTRUCTION", vector: asked, xcr0: xcr0 ?? state?.xcr0 ?? null, ...rest };
  }
  const device = fromDevice(sys);
  if (device) return { source: "CPUID_DEVICE", vector: device, xcr0: state?.xcr0 ?? null, ...rest };
  const told = vectorFromProc(text, state?.xcr0);
  return told ? { source: "PROC_CPUINFO", vector: told, xcr0: state?.xcr0 ?? null, ...rest } : null;
}

/** By the cpuid driver: 16 bytes at the offset `subleaf << 32 | leaf`. */
function fromDevice(sys: Sys): CpuVector | undefined {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    using fd = sys.open(DEVICE);
    const at = memory.alloc(16);
    const ask: AskCpuid = (leaf, subleaf) => {
      const got = sys.try("pread64", fd.number, at, 16, subleaf * 2 ** 32 + leaf);
      if (got !== 16) throw new SysError(`pread64(${DEVICE})`, got < 0 ? -got : 5 /* EIO */);
      return { eax: memory.u32(at), ebx: memory.u32(at + 4), ecx: memory.u32(at + 8), edx: memory.u32(at + 12) };
    };
    return vectorFromCpuid(ask);
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  } finally {
    memory.release(mark);
  }
}

/** Size and XCR0 of the xsave area of a throw-away child. */
function xstate(sys: Sys): { size: number; xcr0: bigint } | undefined {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const area = memory.alloc(XSTATE_ROOM, 64);
    const iov = memory.alloc(16);
    memory.setU64(iov, area);
    memory.setU64(iov + 8, XSTATE_ROOM);
    using child = Subject.start(sys);
    child.ptrace(PTRACE_GETREGSET, NT_X86_XSTATE, iov);
    return { size: Number(memory.u64(iov + 8)), xcr0: memory.u64(area + XCR0_OFFSET) };
  } catch (error) {
    if (error instanceof SysError || error instanceof TimeoutError || error instanceof DeathError) return undefined;
    throw error;
  } finally {
    memory.release(mark);
  }
}
