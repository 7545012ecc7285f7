import type { Report } from "../report.ts";
import type { Tree } from "../tree.ts";

const STRICT = 1;
const FILTER = 2;

/** Seccomp: criu switches it off for as long as it works on the task, and reads the filters back. */
export function judgeSeccomp(tree: Tree, report: Report): void {
  const { caller } = tree.around;
  for (const task of tree.living) {
    for (const { tid, status } of task.threads) {
      if (status.seccomp !== STRICT && status.seccomp !== FILTER) continue;
      const subject = tid === task.pid ? "task" : `thread ${tid}`;
      const what = status.seccomp === STRICT ? "strict seccomp mode" : filters(status.seccompFilters);
      const refused = caller.status.seccomp !== null && caller.status.seccomp !== 0
        ? "criu would be under a seccomp filter itself, and the kernel lets only one without switch others' off"
        : !caller.has("CAP_SYS_ADMIN")
        ? "switching it off takes CAP_SYS_ADMIN"
        : null;
      if (refused !== null) {
        report.add({
          rule: "seccomp-dumper",
          task,
          subject,
          reason: `it has ${what}: ${refused}`,
          errnoText: "Operation not permitted",
        });
        return;
      }
      report.add({
        rule: status.seccomp === STRICT ? "seccomp-strict" : "seccomp-filter",
        task,
        subject,
        reason: `it has ${what}`,
        values: [tid, 0],
        errnoText: "Operation not permitted",
      });
      if (status.seccomp !== FILTER) continue;
      const asks = tree.stops?.byTid.get(tid)?.asksSupervisor;
      if (asks === true) {
        report.add({
          rule: "seccomp-user-notif",
          task,
          subject,
          reason: "a filter of it asks a supervisor, which is not there after a restore",
          message: null,
        });
      } else if (asks !== false) report.assume("no seccomp filter that asks a supervisor (SECCOMP_RET_USER_NOTIF)");
    }
  }
}

function filters(count: number | null): string {
  return count === null ? "seccomp filters" : `${count} seccomp filter${count === 1 ? "" : "s"}`;
}
