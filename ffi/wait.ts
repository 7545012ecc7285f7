import { TimeoutError } from "./errno.ts";
import type { Sys } from "./sys.ts";
import { __WALL, WNOHANG } from "./uapi.ts";

/** How long a child may take to answer before it is killed, in milliseconds. */
export const DEADLINE_MS = 2000;

/** After so many looks without an answer the waiting sleeps between looks instead of yielding. */
const YIELDS = 200;
const NAP_NS = 50_000;

/** What wait4(2) says of a child. */
export type Status =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "killed"; readonly signal: number }
  | { readonly kind: "stopped"; readonly signal: number; readonly event: number };

/** Decodes a wait status (wait(2): WIFEXITED and its like). */
export function decodeStatus(status: number): Status {
  const low = status & 0x7f;
  if (low === 0) return { kind: "exited", code: (status >> 8) & 0xff };
  if (low === 0x7f) return { kind: "stopped", signal: (status >> 8) & 0xff, event: status >> 16 };
  return { kind: "killed", signal: low };
}

/**
 * Waits for a change of the child `pid`, but never longer than `deadlineMs`: then a `TimeoutError` named
 * `text` is thrown. Polls, because a blocking wait4 of the main thread could never be given up.
 */
export function waitFor(sys: Sys, pid: number, text: string, deadlineMs = DEADLINE_MS): Status {
  const mark = sys.memory.mark();
  const at = sys.memory.alloc(4);
  const start = performance.now();
  const until = Math.min(start + deadlineMs, sys.until);
  try {
    for (let looks = 0;; looks++) {
      const status = look(sys, pid, at);
      if (status) return status;
      if (looks < YIELDS) sys.try("sched_yield");
      else nap(sys);
      if (performance.now() > until) throw new TimeoutError(text, waited(start, until));
    }
  } finally {
    sys.memory.release(mark);
  }
}

/** The time between two moments in whole milliseconds: --timeout may have cut a wait short. */
export function waited(start: number, until: number): number {
  return Math.max(0, Math.round(until - start));
}

/** The child's change of state, or null while there is none. */
export function waitNow(sys: Sys, pid: number): Status | null {
  const mark = sys.memory.mark();
  try {
    return look(sys, pid, sys.memory.alloc(4));
  } finally {
    sys.memory.release(mark);
  }
}

function look(sys: Sys, pid: number, at: number): Status | null {
  return sys.call("wait4", pid, at, __WALL | WNOHANG, 0) === pid ? decodeStatus(sys.memory.i32(at)) : null;
}

/** Sleeps for `ns` nanoseconds, at most one second. */
export function nap(sys: Sys, ns = NAP_NS): void {
  const mark = sys.memory.mark();
  const time = sys.memory.alloc(16);
  sys.memory.setU64(time + 8, ns);
  sys.try("nanosleep", time, 0);
  sys.memory.release(mark);
}
