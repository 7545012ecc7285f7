import { SysError, TimeoutError } from "../ffi/errno.ts";
import { machineCode } from "../ffi/machine_code.ts";
import { DeathError, Subject } from "../ffi/subject.ts";
import type { Sys } from "../ffi/sys.ts";
import { PTRACE_GETREGSET } from "../ffi/uapi.ts";
import { armCores, type ArmVector, hasArmNamed, type PointerAuthentication, signing } from "../cpu/arm_vector.ts";
import { AT, auxv } from "./auxv.ts";
import type { Host } from "./host.ts";

/** The processor of an arm64 machine, and what the kernel makes of it. */
export interface ArmCpu {
  readonly vector: ArmVector;
  /** AT_MINSIGSTKSZ: bytes that the kernel needs on a signal stack, which grows with the vectors; null before Linux 5.14. */
  readonly signalFrameSize: number | null;
  /** Bits of a user's address, of 39 to 52; null where /proc/self/maps cannot be read. */
  readonly addressBits: number | null;
}

/** prctl(2), by the kind of vector. */
const SET_LENGTH = { sve: 50, sme: 63 } as const;
const LENGTH_MASK = 0xffff;
/** Vectors are a multiple of 16 bytes long, and never longer than this (linux/prctl.h allows more than any processor has). */
const STEP = 16, LONGEST = 512 * STEP;
/** struct user_pac_mask: the bits in pointers to data, and to instructions. */
const NT_ARM_PAC_MASK = 0x406;

/** Asks the processor of this machine; null on an architecture whose kernel does not tell of it in this way. */
export function readArmCpu(sys: Sys, host: Host): ArmCpu | null {
  const { idRegisters } = sys.arch;
  if (!idRegisters) return null;
  const told = auxv(host);
  // A kernel that does not know AT_HWCAP3 tells no program of those bits.
  const words = { hwcap: told.get(AT.HWCAP), hwcap2: told.get(AT.HWCAP2) ?? 0n, hwcap3: told.get(AT.HWCAP3) ?? 0n };
  if (words.hwcap === undefined) return null;
  const has = (name: string) => hasArmNamed({ words: { ...words, hwcap: words.hwcap! } }, name);
  const [sve, sme] = [has("sve"), has("sme")];
  const tried = inChild(sys, (child) => ({
    sve: sve ? lengths(child.sys, "sve") : [],
    sme: sme ? lengths(child.sys, "sme") : [],
    mask: has("paca") ? signatureMask(sys, child) : null,
  }));
  const length = (name: string, there: boolean) =>
    there ? numberOf(host.sysctl(`abi/${name}_default_vector_length`)) : null;
  const vector: ArmVector = {
    words: { ...words, hwcap: words.hwcap },
    sveLengths: sve ? tried?.sve ?? null : [],
    sveDefault: length("sve", sve),
    smeLengths: sme ? tried?.sme ?? null : [],
    smeDefault: length("sme", sme),
    pointerAuthentication: authentication(sys, has, idRegisters, tried?.mask ?? null),
    cores: armCores(host.read("/proc/cpuinfo") ?? ""),
  };
  const frame = told.get(AT.MINSIGSTKSZ);
  return { vector, signalFrameSize: frame === undefined ? null : Number(frame), addressBits: addressBits(host) };
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

/** All lengths that the kernel grants, ascending: it rounds down what is asked for. Null where it grants none. */
function lengths(sys: Sys, kind: keyof typeof SET_LENGTH): number[] | null {
  const found: number[] = [];
  for (let wanted = LONGEST; wanted >= STEP;) {
    const got = sys.try("prctl", SET_LENGTH[kind], wanted, 0, 0, 0);
    if (got < 0) return null;
    const length = got & LENGTH_MASK;
    // Where nothing is as short as that, the shortest one is given.
    if (found.length > 0 && length >= found[0]!) break;
    found.unshift(length);
    wanted = length - STEP;
  }
  return found;
}

function signatureMask(own: Sys, child: Subject): bigint | null {
  const { memory } = own;
  const masks = memory.alloc(16), iov = memory.alloc(16);
  memory.setU64(iov, masks);
  memory.setU64(iov + 8, 16);
  return child.look("PTRACE_GETREGSET, child, NT_ARM_PAC_MASK", PTRACE_GETREGSET, NT_ARM_PAC_MASK, iov) < 0
    ? null
    : memory.u64(masks + 8);
}

/** A throw-away child, since each length that is set makes a task lose its vectors; undefined where it cannot be traced. */
function inChild<T>(sys: Sys, use: (child: Subject) => T): T | undefined {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    using child = Subject.start(sys);
    return use(child);
  } catch (error) {
    if (error instanceof SysError || error instanceof TimeoutError || error instanceof DeathError) return undefined;
    throw error;
  } finally {
    memory.release(mark);
  }
}

function authentication(
  sys: Sys,
  has: (name: string) => boolean,
  code: Uint8Array,
  mask: bigint | null,
): PointerAuthentication | null {
  if (!has("paca") && !has("pacg")) return { address: null, generic: null, mask: null };
  // Without this bit the kernel does not answer for the registers, and reading them is SIGILL.
  if (!has("cpuid")) return null;
  const { memory } = sys;
  const mark = memory.mark();
  try {
    using read = machineCode(sys, code);
    const out = memory.alloc(16);
    read.run(0, 0, out);
    const { address, generic } = signing(memory.u64(out), memory.u64(out + 8));
    // A kernel that has it switched off, or one that hides the registers, says so by the bits.
    if ((address !== null) !== has("paca") || (generic !== null) !== has("pacg")) return null;
    return { address, generic, mask };
  } catch (error) {
    if (error instanceof SysError) return null;
    throw error;
  } finally {
    memory.release(mark);
  }
}

/** The stack lies at the upper end of what a program may use, some gigabytes of chance below it. */
function addressBits(host: Host): number | null {
  const ends = (host.read("/proc/self/maps") ?? "").match(/^[0-9a-f]+-[0-9a-f]+/gm) ?? [];
  const highest = ends.reduce((most, line) => {
    const end = BigInt(`0x${line.split("-")[1]}`);
    return end > most ? end : most;
  }, 0n);
  return highest === 0n ? null : (highest - 1n).toString(2).length;
}
