import { SysError, TimeoutError } from "../ffi/errno.ts";
import type { UnkeptRegisters } from "../ffi/arch/arch.ts";
import type { Sys } from "../ffi/sys.ts";
import {
  NT_PRSTATUS,
  PTRACE_DETACH,
  PTRACE_GET_RSEQ_CONFIGURATION,
  PTRACE_GETREGSET,
  PTRACE_GETSIGINFO,
  PTRACE_INTERRUPT,
  PTRACE_SECCOMP_GET_FILTER,
  PTRACE_SEIZE,
} from "../ffi/uapi.ts";
import { waitFor } from "../ffi/wait.ts";
import type { Tree } from "./tree.ts";

/** A task that does not stop in so many milliseconds is let go. */
const STOP_MS = 200;
const PTRACE_EVENT_STOP = 128;
const SIGTRAP = 5;
/** Bytes of struct siginfo. */
const SIGINFO = 128;
/** Bytes of struct ptrace_rseq_configuration, and where its flags are. */
const RSEQ = 24;
const RSEQ_FLAGS = 16;
const MAX_INSTRUCTIONS = 4096;
const MAX_FILTERS = 64;
const BPF_RET_K = 6;
const SECCOMP_RET_USER_NOTIF = 0x7fc00000;
const SECCOMP_RET_ACTION_FULL = 0xffff0000;
/** The bit of a selector that means the LDT. */
const TABLE_INDICATOR = 4;

/** What only a stop shows of a thread. */
export interface StopFacts {
  /** The signal that had stopped it before; null where it was running. */
  readonly stopSignal: number | null;
  /** Whether it executes 32-bit code. */
  readonly mode32: boolean;
  /** Whether a segment register selects an entry of the LDT. */
  readonly ldt: boolean;
  /** What CRIU does not keep of its registers; null where the architecture has nothing of the kind. */
  readonly unkept: UnkeptRegisters | null;
  /** Flags of its restartable sequences; null where it has none, or the kernel does not tell. */
  readonly rseqFlags: number | null;
  /** Whether a seccomp filter of it asks a supervisor; null where its filters cannot be read. */
  readonly asksSupervisor: boolean | null;
}

/** What was learned by stopping the threads of a tree, one after the other. */
export interface Stops {
  readonly byTid: ReadonlyMap<number, StopFacts>;
  /** The longest time that a thread stood still, milliseconds. */
  readonly longestMs: number;
}

/** Stops each thread for as long as it takes to read what nothing else shows. Those that cannot be stopped are left out. */
export function stopThreads(sys: Sys, tree: Tree): Stops {
  const byTid = new Map<number, StopFacts>();
  let longestMs = 0;
  for (const task of tree.living) {
    if (task.kernelThread || tree.around.caller.ancestors.has(task.pid)) continue;
    for (const { tid, status } of task.threads) {
      if (status.tracer !== 0) continue;
      const start = performance.now();
      const facts = stopOne(sys, tid, (status.seccomp ?? 0) === 2);
      if (!facts) continue;
      byTid.set(tid, facts);
      longestMs = Math.max(longestMs, performance.now() - start);
    }
  }
  return { byTid, longestMs: Math.round(longestMs * 1000) / 1000 };
}

function stopOne(sys: Sys, tid: number, filtered: boolean): StopFacts | undefined {
  if (sys.try("ptrace", PTRACE_SEIZE, tid, 0, 0) < 0) return undefined;
  const { memory } = sys;
  const mark = memory.mark();
  try {
    sys.try("ptrace", PTRACE_INTERRUPT, tid, 0, 0);
    const status = waitFor(sys, tid, `stop of thread ${tid}`, STOP_MS);
    if (status.kind !== "stopped") return undefined;
    return read(sys, tid, filtered);
  } catch (error) {
    // One that does not stop cannot be let go either: that happens when this process ends.
    if (error instanceof SysError || error instanceof TimeoutError) return undefined;
    throw error;
  } finally {
    memory.release(mark);
    sys.try("ptrace", PTRACE_DETACH, tid, 0, 0);
  }
}

function read(sys: Sys, tid: number, filtered: boolean): StopFacts {
  const { memory } = sys;
  const info = memory.alloc(SIGINFO);
  const got = sys.try("ptrace", PTRACE_GETSIGINFO, tid, 0, info);
  const signal = memory.i32(info), event = memory.i32(info + 8) >> 8;
  const registers = memory.alloc(sys.arch.registersSize);
  const iov = memory.alloc(16); // struct iovec
  memory.setU64(iov, registers);
  memory.setU64(iov + 8, sys.arch.registersSize);
  const size = sys.try("ptrace", PTRACE_GETREGSET, tid, NT_PRSTATUS, iov) < 0 ? 0 : Number(memory.u64(iov + 8));
  const { registersSize, registersSize32, segments } = sys.arch;
  const mode32 = size === registersSize32;
  const selectors = (mode32 ? segments?.narrow : size === registersSize ? segments?.wide : undefined) ?? [];
  const rseq = memory.alloc(RSEQ);
  const rseqSize = sys.try("ptrace", PTRACE_GET_RSEQ_CONFIGURATION, tid, RSEQ, rseq);
  return {
    stopSignal: got === 0 && event === PTRACE_EVENT_STOP && signal !== SIGTRAP ? signal : null,
    mode32,
    ldt: selectors.some((offset) => (memory.u16(registers + offset) & TABLE_INDICATOR) !== 0),
    unkept: sys.arch.unkept?.((_text, request, at, data) => sys.try("ptrace", request, tid, at, data), memory) ?? null,
    rseqFlags: rseqSize === RSEQ && memory.u64(rseq) !== 0n ? memory.u32(rseq + RSEQ_FLAGS) : null,
    asksSupervisor: filtered ? asksSupervisor(sys, tid) : false,
  };
}

/** Looks for the answer SECCOMP_RET_USER_NOTIF in the filters of a thread. */
function asksSupervisor(sys: Sys, tid: number): boolean | null {
  const { memory } = sys;
  const at = memory.alloc(MAX_INSTRUCTIONS * 8); // struct sock_filter
  for (let i = 0; i < MAX_FILTERS; i++) {
    const count = sys.try("ptrace", PTRACE_SECCOMP_GET_FILTER, tid, i, at);
    if (count === -2 /* ENOENT: there are no more */) return false;
    if (count < 0) return null;
    for (let j = 0; j < count; j++) {
      const instruction = at + j * 8;
      const action = (memory.u32(instruction + 4) & SECCOMP_RET_ACTION_FULL) >>> 0;
      if (memory.u16(instruction) === BPF_RET_K && action === SECCOMP_RET_USER_NOTIF) return true;
    }
  }
  return false;
}
