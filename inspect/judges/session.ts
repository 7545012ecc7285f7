import type { Report } from "../report.ts";
import type { Task } from "../task.ts";
import type { Tree } from "../tree.ts";

/** Sessions and process groups: criu judges the root at dump, and makes all of them anew at restore. */
export function judgeSessions(tree: Tree, report: Report): void {
  const { root } = tree;
  if (root.kernelThread) return;
  const inside = tree.dumps("pid");
  for (const task of tree.tasks) {
    if (sessionInside(task, inside) !== 0) continue;
    report.add({
      rule: task.zombie ? "sess-zombie-outside-pidns" : "sess-outside-pidns",
      task,
      subject: "task",
      reason: inside
        ? "the leader of its session lives outside of its pid namespace"
        : "the leader of its session lives in a pid namespace that is not seen from here",
      values: [task.pid, pidInside(task, inside)],
    });
  }
  const session = sessionInside(root, inside);
  if (session !== 0 && session !== pidInside(root, inside) && !root.zombie) {
    report.add({
      rule: "sess-root-not-leader",
      task: root,
      subject: "task",
      reason: `it is in session ${session}, which it does not lead`,
      values: [pidInside(root, inside)],
    });
  }
  judgeRestore(tree, report, inside);
}

/** As numbered where criu reads it: in the dumped pid namespace, or in its own. */
function sessionInside(task: Task, inside: boolean): number {
  return inside ? task.status.nsSids.at(-1) ?? task.stat.session : task.stat.session;
}

function pidInside(task: Task, inside: boolean): number {
  return inside ? task.status.nsPids.at(-1) ?? task.pid : task.pid;
}

/** A task as restore makes it; helpers that it makes for the birth of a session are such tasks too. */
interface Born {
  readonly task: Task | null;
  readonly pid: number;
  readonly session: number;
  parent: Born | null;
  /** The session that it has to be born in for the sake of its children; null while that does not matter. */
  bornIn: number | null;
}

/** What prepare_pstree_ids of criu does: each session has to be born by an ancestor of its members. */
function judgeRestore(tree: Tree, report: Report, inside: boolean): void {
  const born = new Map<Task, Born>();
  for (const task of tree.tasks) {
    born.set(task, {
      task,
      pid: pidInside(task, inside),
      session: sessionInside(task, inside),
      parent: task.parent ? born.get(task.parent)! : null,
      bornIn: null,
    });
  }
  const root = born.get(tree.root)!;
  addHelpers(root, tree.root.children.map((child) => born.get(child)!), [...born.values()]);
  for (const one of born.values()) {
    if (!one.parent || one.session === one.pid || one.parent.session === one.session) continue;
    const fault = bear(one);
    if (fault === null) continue;
    report.add({
      rule: fault.rule,
      task: one.task!,
      subject: "task",
      reason: fault.rule === "sess-foreign-deep"
        ? `none of its ancestors in the tree can bear its session ${one.session}`
        : `its session ${one.session} and another one both need a parent that was in them when it forked`,
      values: fault.values,
      effect: "REFUSED",
    });
  }
}

/** Children of the root in a session of somebody else are put below a task that is made for them. */
function addHelpers(root: Born, children: readonly Born[], all: readonly Born[]): void {
  const helpers = new Map<number, Born>();
  for (const child of children) {
    if (child.session === root.session || child.session === child.pid) continue;
    let helper = helpers.get(child.session);
    if (!helper) {
      const leader = all.find(({ pid }) => pid === child.session);
      helper = {
        task: null,
        pid: leader ? -1 : child.session,
        session: child.session,
        parent: leader ?? root,
        bornIn: null,
      };
      helpers.set(child.session, helper);
    }
    child.parent = helper;
  }
}

/** Follows the ancestors of a task up to the leader of its session; returns what restore refuses. */
function bear(
  one: Born,
): { readonly rule: "sess-foreign-deep" | "sess-born-ambiguous"; readonly values: readonly number[] } | null {
  for (let up = one.parent; up; up = up.parent) {
    if (up.pid === one.session) return null;
    if (up.bornIn !== null && up.bornIn !== one.session) {
      return { rule: "sess-born-ambiguous", values: [up.bornIn, one.session, up.pid] };
    }
    up.bornIn = one.session;
  }
  return { rule: "sess-foreign-deep", values: [one.session] };
}
