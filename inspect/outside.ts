import { SysError } from "../ffi/errno.ts";
import { FdFolder } from "../proc/fd_folder.ts";
import { ProcDir } from "../proc/dir.ts";
import type { Caller } from "./caller.ts";
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

/** Where a process has paths open: numbers by link. */
type Places = ReadonlyMap<string, readonly number[]>;

/** Read once for all trees of a run, process by process. */
const READ = new WeakMap<Caller, Map<number, Places>>();

/** Descriptors of processes outside of the tree with one of these links: paths, or sockets by `socket:[INODE]`. */
export function* outerFiles(tree: Tree, links: readonly string[]): Generator<OuterFile> {
  const { caller } = tree.around;
  let read = READ.get(caller);
  if (!read) READ.set(caller, read = new Map());
  for (const pid of otherPids(tree)) {
    let places = read.get(pid);
    if (!places) read.set(pid, places = placesOf(tree, pid));
    if (places.size === 0) continue;
    for (const link of links.length < places.size ? links : places.keys()) {
      for (const fd of places.get(link) ?? []) {
        const info = () => inFolder(tree, pid, (folder) => folder.link(fd) === link ? folder.info(fd) : null) ?? null;
        yield { pid, fd, link, info };
      }
    }
  }
}

function otherPids(tree: Tree): number[] {
  using proc = ProcDir.open(tree.around.sys, "/proc");
  return proc.names().filter((name) => /^\d+$/.test(name)).map(Number)
    .filter((pid) => !tree.task(pid) && pid !== tree.around.caller.pid);
}

function placesOf(tree: Tree, pid: number): Places {
  const places = new Map<string, number[]>();
  inFolder(tree, pid, (folder) => {
    folder.list((fd, link) => {
      if (!link.startsWith("socket:") && (!link.startsWith("/") || link.startsWith("/dev/"))) return;
      const numbers = places.get(link);
      if (numbers) numbers.push(fd);
      else places.set(link, [fd]);
    }, () => {});
  });
  return places;
}

/** Undefined for a process that has ended, or may not be looked at. */
function inFolder<T>(tree: Tree, pid: number, use: (folder: FdFolder) => T): T | undefined {
  try {
    using dir = ProcDir.open(tree.around.sys, `/proc/${pid}`);
    using folder = new FdFolder(tree.around.sys, dir);
    return use(folder);
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}
