import { SysError } from "../ffi/errno.ts";
import type { ProcDir } from "../proc/dir.ts";
import type { Tree } from "./tree.ts";
import { withoutDeleted } from "./named_file.ts";

/**
 * The process that an open file of /proc is about, as the mount's own pid namespace has it, if it lives outside of the
 * tree. Null for files about nobody, about a task of the tree, or about one that is gone.
 */
export function foreignProcess(tree: Tree, root: ProcDir | null, link: string): number | null {
  const found = /^(\/[^/]+)\/(\d+)(?:\/|$)/.exec(withoutDeleted(link));
  if (!found || root === null) return null;
  const pid = Number(found[2]);
  if (pid === 0 || isInTree(tree, pid)) return null;
  try {
    root.statx(`.${found[1]}/${pid}`);
    return link === withoutDeleted(link) ? pid : null;
  } catch (error) {
    if (error instanceof SysError) return null;
    throw error;
  }
}

function isInTree(tree: Tree, pid: number): boolean {
  if (!tree.dumps("pid")) return tree.task(pid) !== undefined || tree.thread(pid) !== undefined;
  return tree.tasks.some((task) =>
    task.status.nsPids.at(-1) === pid || task.threads.some(({ status }) => status.nsPids.at(-1) === pid)
  );
}
