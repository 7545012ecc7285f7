import type { Report } from "../report.ts";
import type { Task } from "../task.ts";
import type { Tree } from "../tree.ts";
import { mayAttach } from "../attach.ts";
import { frozenGroup } from "../freezer.ts";
import { given } from "../plan.ts";

/** SIGTRAP as bit 4, the way status has it. */
const SIGTRAP_BIT = 1n << 4n;
const STOP_SIGNALS: Readonly<Record<number, string>> = { 21: "SIGTTIN", 22: "SIGTTOU" };
const SIGSTOP = 19;
const SIGTSTP = 20;
const ECHILD = 10;

/** Which tasks belong to the dump, and whether criu can take hold of each of them. */
export function judgeTree(tree: Tree, report: Report): void {
  const { root } = tree;
  if (tree.around.caller.ancestors.has(root.pid)) {
    const parts = [...tree.around.caller.ancestors].filter((pid) => pid !== root.pid && tree.task(pid));
    report.add({
      rule: "tree-self-included",
      task: root,
      subject: "task",
      reason: parts.length > 0
        ? `whoever would start criu is itself part of this tree, below ${parts[0]}`
        : "whoever would start criu is this process itself",
    });
  }
  if (!judgeRoot(tree, report)) return;
  if (tree.withoutChildren) {
    report.add({
      rule: "env-proc-children",
      task: root,
      subject: "task",
      reason: "the kernel has no /proc/PID/task/TID/children, from which criu learns who belongs to the tree",
    });
  }
  for (const task of tree.tasks) {
    if (task !== root) judgeHold(task, report);
    judgeThreads(task, report);
    if (task.zombie) judgeZombie(task, report);
    else judgeState(task, tree, report);
  }
  judgeFreezer(tree, report);
  if (tree.growing) {
    report.add({
      rule: "tree-freezer-needed",
      task: root,
      subject: "task",
      reason: "new tasks kept coming while it was looked at",
      effect: "UNKNOWN",
      message: null,
    });
  }
}

/** Whether criu can take hold of the root; false where nothing below it matters any more. */
function judgeRoot(tree: Tree, report: Report): boolean {
  const { root } = tree;
  // criu only warns of the cause; the one error that it prints is that of the letting go.
  const unseizable = (
    rule: "tree-kernel-thread" | "tree-root-zombie" | "tree-ptraced" | "tree-yama-or-lsm",
    reason: string,
  ) => {
    report.add({ rule, task: root, subject: "task", reason, message: null });
    report.add({
      rule: "tree-root-unseizable",
      task: root,
      subject: "task",
      reason: "so criu cannot take hold of the root",
      values: [root.pid],
      errnoText: "No such process",
      remedy: null,
    });
    return false;
  };
  if (root.kernelThread) return unseizable("tree-kernel-thread", "it is a thread of the kernel itself");
  if (root.zombie) {
    return unseizable(
      "tree-root-zombie",
      root.status.threads > 1 ? "its leader has ended, other threads go on" : "it has ended and waits for its parent",
    );
  }
  if (root.status.tracer !== 0) return unseizable("tree-ptraced", `process ${root.status.tracer} traces it`);
  const refusal = mayAttach(tree.around.sys, root.pid);
  if (refusal === "EPERM" || refusal === "EACCES") {
    return unseizable("tree-yama-or-lsm", attachRefused(tree, root));
  }
  return true;
}

function attachRefused(tree: Tree, task: Task): string {
  const { caller, host } = tree.around;
  const scope = host.sysctl("kernel/yama/ptrace_scope");
  if (scope === "3") return "Yama lets nobody trace (kernel.yama.ptrace_scope is 3)";
  if (!caller.has("CAP_SYS_PTRACE")) {
    return `uid ${caller.euid} may not trace a process of uid ${task.status.uids[1]}: that takes CAP_SYS_PTRACE`;
  }
  return "the kernel does not let it be traced: a security module, or another user namespace";
}

/** Who traces the tasks below the root, and whether they may be traced. */
function judgeHold(task: Task, report: Report): void {
  const { tracer, state } = task.status;
  if (tracer === 0) return;
  report.add({
    rule: "tree-ptraced",
    task,
    subject: "task",
    reason: `process ${tracer} traces it`,
    values: [task.pid, state, -1, ECHILD],
  });
}

function judgeThreads(task: Task, report: Report): void {
  for (const { tid, status } of task.threads) {
    const subject = tid === task.pid ? "task" : `thread ${tid}`;
    if (tid !== task.pid && status.tracer !== 0 && !task.zombie) {
      report.add({
        rule: "tree-ptraced",
        task,
        subject,
        reason: `process ${status.tracer} traces it`,
        // criu gives up after six passes without an error of its own.
        message: null,
      });
    }
    if (tid !== task.pid && (status.state === "Z" || status.state === "X")) {
      report.add({
        rule: "tree-zombie-thread",
        task,
        subject,
        reason: "it has ended and is not taken away",
        effect: "UNKNOWN",
        message: null,
      });
    }
    if ((status.sigPnd | status.shdPnd) & SIGTRAP_BIT) {
      report.add({
        rule: "tree-pending-sigtrap",
        task,
        subject,
        reason: "SIGTRAP waits to be delivered, and criu uses that signal itself",
        values: [tid],
      });
    }
  }
}

function judgeZombie(task: Task, report: Report): void {
  if (task.threads.length > 1) {
    report.add({
      rule: "tree-zombie-leader",
      task,
      subject: "task",
      reason: `its leader has ended, ${task.threads.length - 1} of its threads go on`,
    });
  }
}

function judgeState(task: Task, tree: Tree, report: Report): void {
  const { state } = task.status;
  if (task.status.coreDumping) {
    report.add({
      rule: "attr-coredump-in-progress",
      task,
      subject: "task",
      reason: "its core is being dumped",
      values: [task.pid, state, -1, ECHILD],
    });
  }
  if (state === "T") judgeStopped(task, tree, report);
  const states = task.threads.map(({ status }) => status.state);
  if (states.includes("T") && states.some((one) => one !== "T" && one !== "Z" && one !== "X")) {
    report.add({
      rule: "tree-thread-stopped-alone",
      task,
      subject: "task",
      reason: "some of its threads are stopped, others are not",
      effect: "UNKNOWN",
      remedy: "Look again: a stop that is just taking place looks the same.",
    });
  }
}

/** A frozen task does not run criu's code: criu has to thaw the group, which must be the one with all tasks. */
function judgeFreezer(tree: Tree, report: Report): void {
  const { plan, sys, caller } = tree.around;
  if (given(plan, "freeze-cgroup")) return;
  for (const task of tree.living) {
    const frozen = frozenGroup(sys, caller.mountinfo, task.cgroup ?? []);
    if (frozen === null) continue;
    report.add({
      rule: "tree-frozen-cgroup",
      task,
      subject: "task",
      reason: `its cgroup ${frozen} is frozen, so that nothing runs in it`,
      // criu waits until its time is over, and says so of no task.
      message: null,
      options: [`--freeze-cgroup ${frozen}`],
    });
    return;
  }
}

function judgeStopped(task: Task, tree: Tree, report: Report): void {
  const seen = tree.stops?.byTid.get(task.pid)?.stopSignal ?? 0;
  // The signal of a stop that the parent has not waited for is in the last field of stat (do_task_stat); then it is 0.
  const signal = task.stat.exitCode || seen;
  if (signal === SIGSTOP || signal === SIGTSTP) {
    if (tree.around.plan.preDump) {
      report.add({
        rule: "tree-stopped",
        task,
        subject: "task",
        reason: "it is stopped, and pre-dump passes it over",
        effect: "LOST",
      });
    }
    return;
  }
  const name = STOP_SIGNALS[signal];
  if (name) {
    report.add({
      rule: "tree-stopped-other-signal",
      task,
      subject: "task",
      reason: `${name} stopped it, and criu knows only SIGSTOP and SIGTSTP`,
      values: [task.pid, signal],
    });
    return;
  }
  report.unknown(
    "tree-stopped-other-signal",
    task,
    "task",
    "it is stopped, and its parent has already been told by which signal: criu knows only SIGSTOP and SIGTSTP",
    "Ask with --stop, or send it SIGCONT and then SIGSTOP.",
  );
}
