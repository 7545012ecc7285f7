import { SysError } from "../ffi/errno.ts";
import { FdFolder } from "../proc/fd_folder.ts";
import { ProcDir } from "../proc/dir.ts";
import type { Tree } from "./tree.ts";

/** A descriptor of a process that is not part of the tree. */
export interface OuterFile {
  readonly pid: number;
  readonly fd: number;
  /** Where its link points to. */
  readonly link: string;
  /** The text of its fdinfo; null where it cannot be read. */
  info(): string | null;
}

/**
 * Looks for descriptors of processes outside of the tree by their links, at those of `first` before the others.
 * Processes that may not be looked at are passed over: whether there were any is the generator's value.
 */
export function* outerFiles(
  tree: Tree,
  links: ReadonlySet<string>,
  first: Iterable<number> = [],
): Generator<OuterFile, boolean> {
  const { sys, caller } = tree.around;
  let unseen = false;
  const proc = ProcDir.open(sys, "/proc");
  const pids = new Set<number>(first);
  try {
    for (const name of proc.names()) if (/^\d+$/.test(name)) pids.add(Number(name));
  } finally {
    proc[Symbol.dispose]();
  }
  for (const pid of pids) {
    if (tree.task(pid) || pid === caller.pid) continue;
    try {
      using dir = ProcDir.open(sys, `/proc/${pid}`);
      using folder = new FdFolder(sys, dir);
      for (const fd of folder.numbers()) {
        const link = folder.link(fd);
        if (link !== undefined && links.has(link)) yield { pid, fd, link, info: () => folder.info(fd) ?? null };
      }
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      if (error.code === "EACCES" || error.code === "EPERM") unseen = true;
    }
  }
  return unseen;
}
