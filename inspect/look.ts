import { GoneError } from "./gone.ts";
import { JUDGES } from "./judges.ts";
import { Report } from "./report.ts";
import { NoTreeError, type Surroundings, Tree } from "./tree.ts";

/** How often a tree is looked at anew because one of its tasks ended meanwhile. */
const LOOKS = 5;

/** A tree and what was seen of it. `using` closes its folders. */
export interface Look extends Disposable {
  readonly tree: Tree;
  readonly report: Report;
  /** As performance.now() counts. */
  readonly startedAt: number;
}

/** Looks at the tree of a root, without stopping it. Throws `NoTreeError`. */
export function look(around: Surroundings, pid: number): Look {
  const startedAt = performance.now();
  for (let left = LOOKS;; left--) {
    const tree = new Tree(around, pid);
    try {
      const report = new Report(tree);
      for (const judge of JUDGES) judge(tree, report);
      return { tree, report, startedAt, [Symbol.dispose]: () => tree[Symbol.dispose]() };
    } catch (error) {
      tree[Symbol.dispose]();
      if (!(error instanceof GoneError)) throw error;
      if (left > 1) continue;
      throw new NoTreeError(`The tree of process ${pid} changes faster than it can be looked at`);
    }
  }
}
