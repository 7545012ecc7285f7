import { parseTimers } from "../../proc/timers.ts";
import type { Report } from "../report.ts";
import type { Tree } from "../tree.ts";

const SIGEV_THREAD_ID = "tid";

/** POSIX timers, which criu reads from /proc/PID/timers of every task. */
export function judgeTimers(tree: Tree, report: Report): void {
  for (const task of tree.living) {
    if (task.kernelThread) continue;
    const timers = task.fact("timers", (dir) => parseTimers(dir.text("timers")));
    if (timers === null) {
      if (task.unreadable.some(({ path, errno }) => path.endsWith("/timers") && errno === "ENOENT")) {
        report.add({
          rule: "env-posix-timers",
          task,
          subject: "task",
          reason: "the kernel has no /proc/PID/timers (CONFIG_CHECKPOINT_RESTORE)",
          values: [task.pid],
        });
      }
      continue;
    }
    for (const { id, kind, target } of timers) {
      if (kind !== SIGEV_THREAD_ID) continue;
      if (tree.dumps("pid") && task.status.nsPids.length === 0) {
        report.add({
          rule: "timer-posix-thread-pidns",
          task,
          subject: `timer ${id}`,
          reason: `it signals thread ${target}, whose number inside of its pid namespace the kernel does not tell`,
        });
      } else if (!task.threads.some(({ tid }) => tid === target)) {
        report.add({
          rule: tree.dumps("pid") ? "timer-posix-thread-gone" : "timer-posix-thread-gone-host",
          task,
          subject: `timer ${id}`,
          reason: `it signals thread ${target}, which has ended`,
          values: [target],
        });
      }
    }
  }
}
