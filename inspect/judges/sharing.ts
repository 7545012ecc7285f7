import { KCMP, sharedBy } from "../kcmp.ts";
import type { Report } from "../report.ts";
import type { Task } from "../task.ts";
import type { Tree } from "../tree.ts";

/** What two tasks may not have in common, and the words for it. */
const APART = [
  ["VM", "share-vm", "memory"],
  ["FS", "share-fs", "root, current folder and umask (CLONE_FS)"],
  ["SIGHAND", "share-sighand", "signal handlers"],
] as const;

/** Objects that tasks share (kcmp(2)): criu takes one of each per task, and a table of descriptors from the parent. */
export function judgeSharing(tree: Tree, report: Report): void {
  const { sys } = tree.around;
  const tasks = tree.living.filter((task) => !task.kernelThread);
  const pids = tasks.map(({ pid }) => pid);
  const order = new Map(pids.map((pid, i) => [pid, i]));
  for (const [kind, rule, noun] of APART) {
    const { groups, refused } = sharedBy(sys, pids, kind);
    if (refused !== null) return cannotCompare(tree, report, refused);
    for (const group of groups) {
      const [first, ...others] = [...group].sort((a, b) => order.get(a)! - order.get(b)!);
      for (const pid of others) {
        report.add({
          rule,
          task: tree.task(pid)!,
          subject: "task",
          reason: `it shares its ${noun} with process ${first}`,
          values: [pid],
        });
        if (kind === "VM" && tree.task(first!)!.status.state === "D" && tree.task(pid)!.parent?.pid === first) {
          vforkParent(tree.task(first!)!, pid, report);
        }
      }
    }
  }
  judgeTables(tree, report, tasks, pids);
  for (const [kind, noun] of [["IO", "an I/O context"], ["SYSVSEM", "a list of semaphores to undo"]] as const) {
    for (const group of sharedBy(sys, pids, kind).groups) {
      // Those that have none are alike too, and then they are like this process, which shares nothing with them.
      if (sys.try("kcmp", tree.around.caller.pid, group[0]!, KCMP[kind], 0, 0) === 0) continue;
      for (const pid of group.slice(1)) {
        report.add({
          rule: "share-io-sem",
          task: tree.task(pid)!,
          subject: "task",
          reason: `it shares ${noun} with process ${group[0]}, and after a restore it does not`,
        });
      }
    }
  }
  for (const task of tasks) judgeThreads(tree, report, task);
}

function vforkParent(parent: Task, child: number, report: Report): void {
  report.add({
    rule: "tree-vfork-parent",
    task: parent,
    subject: "task",
    reason: `it waits for its vfork child ${child} to exec or to exit, and cannot be stopped until then`,
    message: null,
  });
  report.add({
    rule: "tree-d-state",
    task: parent,
    subject: "task",
    reason: "so it does not stop, and criu gives up after --timeout seconds",
    // criu knows no task yet by whose number it could name it.
    values: [0],
    options: [],
    remedy: null,
  });
}

function cannotCompare(tree: Tree, report: Report, errno: string): void {
  const missing = errno === "ENOSYS";
  report.add({
    rule: "env-kcmp",
    task: tree.root,
    subject: "task",
    reason: `kcmp(2), by which criu tells shared objects apart, answers ${errno}`,
    effect: missing && !tree.around.host.filtered ? "REFUSED" : "UNKNOWN",
    ...(missing ? {} : { message: null }),
  });
}

function judgeTables(tree: Tree, report: Report, tasks: readonly Task[], pids: readonly number[]): void {
  const { groups, refused } = sharedBy(tree.around.sys, pids, "FILES");
  if (refused !== null) return;
  for (const group of groups) {
    const members = new Set(group);
    const [first, ...others] = tasks.filter(({ pid }) => members.has(pid));
    for (const task of others) {
      if (task.parent && members.has(task.parent.pid)) continue;
      report.add({
        rule: "share-files-other",
        task,
        subject: "task",
        reason: `it shares its table of descriptors with process ${first!.pid}, which is not its parent`,
        values: [task.pid],
      });
    }
  }
}

/** Threads with objects of their own: criu takes those of the leader for all. */
function judgeThreads(tree: Tree, report: Report, task: Task): void {
  const { sys } = tree.around;
  const lost = (rule: "thread-unshared-files", tid: number, noun: string) =>
    report.add({
      rule,
      task,
      subject: `thread ${tid}`,
      reason: `it has ${noun} of its own, and gets those of the leader`,
    });
  for (const { tid } of task.threads) {
    if (tid === task.pid) continue;
    if (sys.try("kcmp", task.pid, tid, KCMP.FILES, 0, 0) > 0) lost("thread-unshared-files", tid, "descriptors");
    if (sys.try("kcmp", task.pid, tid, KCMP.FS, 0, 0) > 0) {
      lost("thread-unshared-files", tid, "a root and a current folder");
    }
  }
}
