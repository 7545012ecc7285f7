import type { Report } from "../report.ts";
import type { Tree } from "../tree.ts";

/** Sessions and process groups: criu judges the root at dump, and re-creates the others at restore. */
export function judgeSessions(tree: Tree, report: Report): void {
  const { root } = tree;
  if (root.stat.session !== root.pid) {
    report.add({
      rule: "sess-root-not-leader",
      task: root,
      subject: "task",
      reason: `it is in session ${root.stat.session} and does not lead it`,
      values: [root.pid],
    });
  }
}
