import { ProcDir } from "../../proc/dir.ts";
import { ioprioText } from "../../proc/ioprio.ts";
import { SysError } from "../../ffi/errno.ts";
import type { Sys } from "../../ffi/sys.ts";
import type { RuleId } from "../../rules/registry.ts";
import type { Report } from "../report.ts";
import type { Task } from "../task.ts";
import type { Tree } from "../tree.ts";

const IOPRIO_WHO_PROCESS = 1;
/** numa_maps walks all pages: it is read where that takes no more than a millisecond or two. */
const NUMA_BYTES = 32 * 1024 * 1024;
const MAX_CLAMP = 1024;

/** What criu neither looks at nor gives back: after a restore it is as with whoever restores. */
export function judgeNotKept(tree: Tree, report: Report): void {
  const { sys, caller } = tree.around;
  const own = {
    coredump: ownLine(sys, "coredump_filter"),
    slack: ownLine(sys, "timerslack_ns"),
    ioprio: sys.try("ioprio_get", IOPRIO_WHO_PROCESS, 0),
  };
  for (const task of tree.living) {
    if (task.kernelThread) continue;
    const lost = (rule: RuleId, reason: string, subject = "task") => report.add({ rule, task, subject, reason });
    for (const { tid, status } of task.threads) {
      const subject = tid === task.pid ? "task" : `thread ${tid}`;
      if (status.cpusAllowedList !== caller.status.cpusAllowedList) {
        lost("lost-affinity", `it may run on the processors ${status.cpusAllowedList} only`, subject);
      }
      const ioprio = sys.try("ioprio_get", IOPRIO_WHO_PROCESS, tid);
      const text = ioprio >= 0 && ioprio !== own.ioprio ? ioprioText(ioprio) : null;
      if (text !== null) lost("lost-ionice", `its I/O priority is ${text}`, subject);
      const clamps = clampsOf(sys, tid);
      if (clamps !== null) lost("lost-uclamp", `its utilisation is clamped to ${clamps}`, subject);
    }
    for (
      const [name, now, usual] of [
        ["Speculation_Store_Bypass", task.status.speculationStoreBypass, caller.status.speculationStoreBypass],
        ["SpeculationIndirectBranch", task.status.speculationIndirectBranch, caller.status.speculationIndirectBranch],
      ] as const
    ) {
      if (now !== usual) lost("lost-speculation", `${name} is "${now}"`);
    }
    const coredump = task.fact("coredump_filter", (dir) => optional(dir, "coredump_filter"));
    if (coredump !== null && coredump !== "" && coredump !== own.coredump) {
      lost("lost-coredump-filter", `its filter for core files is ${coredump}`);
    }
    const slack = task.fact("timerslack_ns", (dir) => optional(dir, "timerslack_ns"), "CAP_SYS_NICE");
    if (slack !== null && slack !== own.slack) lost("lost-timerslack", `its timer slack is ${slack} ns`);
    const ksm = task.fact("ksm_stat", (dir) => optional(dir, "ksm_stat"));
    if (ksm !== null && /^ksm_merge_any:\s*yes$/m.test(ksm)) {
      lost("lost-ksm", "the kernel merges all of its equal pages");
    }
    judgePolicy(sys, task, report);
  }
}

function ownLine(sys: Sys, name: string): string | null {
  try {
    using dir = ProcDir.open(sys, "/proc/self");
    return optional(dir, name);
  } catch (error) {
    if (error instanceof SysError) return null;
    throw error;
  }
}

/** Null for what this kernel does not have. */
function optional(dir: ProcDir, name: string): string | null {
  try {
    return dir.text(name).trim();
  } catch (error) {
    if (error instanceof SysError && (error.code === "ENOENT" || error.code === "EOPNOTSUPP")) return null;
    throw error;
  }
}

/** `LOW to HIGH` where one of them is not as it is without a clamp (struct sched_attr, sched_getattr(2)). */
function clampsOf(sys: Sys, tid: number): string | null {
  const SIZE = 56, UTIL_MIN = 48, UTIL_MAX = 52;
  const { memory } = sys;
  const mark = memory.mark();
  const at = memory.alloc(SIZE);
  const result = sys.try("sched_getattr", tid, at, SIZE, 0);
  const size = memory.u32(at), low = memory.u32(at + UTIL_MIN), high = memory.u32(at + UTIL_MAX);
  memory.release(mark);
  if (result < 0 || size < SIZE) return null;
  // A kernel without clamps leaves both at 0.
  return (low === 0 && high === 0) || (low === 0 && high === MAX_CLAMP) ? null : `${low} to ${high}`;
}

function judgePolicy(sys: Sys, task: Task, report: Report): void {
  const pages = task.fact("statm", (dir) => Number(dir.text("statm").split(" ")[1] ?? 0));
  if (pages === null || pages * sys.page > NUMA_BYTES) return;
  const text = task.fact("numa_maps", (dir) => optional(dir, "numa_maps"));
  if (text === null) return;
  const other = text.split("\n").map((line) => line.split(" ")[1]).find((word) =>
    word !== undefined && word !== "default"
  );
  if (other === undefined) return;
  report.add({
    rule: "lost-mempolicy",
    task,
    subject: "memory",
    reason: `it has memory with the NUMA policy ${other}`,
  });
}
