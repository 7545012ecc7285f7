import { errnoName } from "../ffi/errno.ts";
import type { Sys } from "../ffi/sys.ts";

/** What kcmp(2) compares (linux/kcmp.h). */
export const KCMP = { FILE: 0, VM: 1, FILES: 2, FS: 3, SIGHAND: 4, IO: 5, SYSVSEM: 6, EPOLL_TFD: 7 } as const;

/** Pids grouped by the object they share. */
export interface Shared {
  /** Groups of two and more. */
  readonly groups: readonly (readonly number[])[];
  /** Why one could not be compared: the errno's name; null where all could. */
  readonly refused: string | null;
}

/** Sorts processes by their object of a kind; kcmp orders them, so this takes n log n calls. */
export function sharedBy(sys: Sys, pids: readonly number[], kind: keyof typeof KCMP): Shared {
  const sorted: number[][] = [];
  for (const pid of pids) {
    let low = 0, high = sorted.length;
    let found = false;
    while (low < high) {
      const middle = (low + high) >> 1;
      const result = sys.try("kcmp", pid, sorted[middle]![0]!, KCMP[kind], 0, 0);
      if (result < 0) {
        // One that has ended shares nothing any more.
        if (errnoName(-result) === "ESRCH") {
          found = true;
          break;
        }
        return { groups: [], refused: errnoName(-result) };
      }
      if (result === 0) {
        sorted[middle]!.push(pid);
        found = true;
        break;
      }
      // 1: less, 2: greater, 3: not equal, where the kernel gives no order.
      if (result === 3) return { groups: pairwise(sys, pids, kind), refused: null };
      if (result === 1) high = middle;
      else low = middle + 1;
    }
    if (!found) sorted.splice(low, 0, [pid]);
  }
  return { groups: sorted.filter((group) => group.length > 1), refused: null };
}

function pairwise(sys: Sys, pids: readonly number[], kind: keyof typeof KCMP): number[][] {
  const groups: number[][] = [];
  for (const pid of pids) {
    const group = groups.find(([first]) => sys.try("kcmp", pid, first!, KCMP[kind], 0, 0) === 0);
    if (group) group.push(pid);
    else groups.push([pid]);
  }
  return groups.filter((group) => group.length > 1);
}
