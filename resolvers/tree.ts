import type { TreeRecord } from "../report/processes.ts";
import type { ProcessNode } from "./models.ts";

/** The children of a tree's root, each with its own. */
export function childrenIn(tree: readonly TreeRecord[]): readonly ProcessNode[] {
  const nodes = tree.map(({ process }) => ({ ...process, children: [] as ProcessNode[] }));
  tree.forEach(({ parent }, i) => nodes[parent]?.children.push(nodes[i]!));
  return nodes[0]?.children ?? [];
}
