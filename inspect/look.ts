import { GoneError } from "./gone.ts";
import { JUDGES } from "./judges.ts";
import { Report } from "./report.ts";
import { NoTreeError, type Surroundings, Tree } from "./tree.ts";

/** How often a tree is looked at anew because it changed meanwhile. */
const LOOKS = 4;

/** A tree and what was seen of it. `using` closes its folders. */
export interface Look extends Disposable {
  readonly tree: Tree;
  readonly report: Report;
  /** As performance.now() counts. */
  readonly startedAt: number;
}

/**
 * Looks at the tree of a root, without stopping it. One that forks, executes or loses tasks meanwhile is looked at
 * again, and where it goes on doing so the verdict says that it cannot be told. Throws `NoTreeError`.
 */
export function look(around: Surroundings, pid: number): Look {
  const startedAt = performance.now();
  for (let left = LOOKS;; left--) {
    const tree = new Tree(around, pid);
    try {
      const report = new Report(tree);
      const whole = judge(tree, report);
      if (whole && !tree.changed()) return { tree, report, startedAt, [Symbol.dispose]: () => tree[Symbol.dispose]() };
      if (left === 1) {
        changing(tree, report);
        return { tree, report, startedAt, [Symbol.dispose]: () => tree[Symbol.dispose]() };
      }
      tree[Symbol.dispose]();
    } catch (error) {
      tree[Symbol.dispose]();
      throw error;
    }
  }
}

/** Whether all judges came to their end. */
function judge(tree: Tree, report: Report): boolean {
  let whole = true;
  for (const one of JUDGES) {
    try {
      one(tree, report);
    } catch (error) {
      if (!(error instanceof GoneError)) throw error;
      if (error.pid === tree.root.pid) throw new NoTreeError(`Process ${tree.root.pid} ended while it was looked at`);
      whole = false;
    }
  }
  return whole;
}

function changing(tree: Tree, report: Report): void {
  report.add({
    rule: "tree-freezer-needed",
    task: tree.root,
    subject: "task",
    reason: "its tree changes faster than it can be looked at",
    effect: "UNKNOWN",
    message: null,
    options: [],
    remedy: "Freeze its cgroup, then look again: criu needs --freeze-cgroup for such a tree too.",
  });
}
