import { SysError } from "../ffi/errno.ts";
import type { Sys } from "../ffi/sys.ts";
import { ProcDir } from "../proc/dir.ts";
import { ProcParseError } from "../proc/error.ts";
import { parseTaskStat } from "../proc/task_stat.ts";
import { parseTaskStatus } from "../proc/task_status.ts";
import { GoneError } from "./gone.ts";
import { processOf, type ProcessView } from "./process.ts";
import { Task } from "./task.ts";

/** One process without its tree; null where there is none with this pid, or /proc does not show it. */
export function readProcess(sys: Sys, pid: number): ProcessView | null {
  try {
    using dir = ProcDir.open(sys, `/proc/${pid}`);
    const stat = parseTaskStat(dir.text("stat")), status = parseTaskStatus(dir.text("status"));
    // A thread has such a folder, too, though no list shows it.
    if (status.tgid !== pid) return null;
    return processOf(new Task({ dir: () => dir }, pid, null, stat, status));
  } catch (error) {
    if (error instanceof SysError || error instanceof ProcParseError || error instanceof GoneError) return null;
    throw error;
  }
}
