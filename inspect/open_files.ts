import { SysError } from "../ffi/errno.ts";
import { FdFolder } from "../proc/fd_folder.ts";
import { fdPlace } from "../proc/fdinfo.ts";
import type { Statx } from "../proc/statx.ts";
import { GoneError } from "./gone.ts";
import { sharedBy } from "./kcmp.ts";
import { type FileSource, type LinkKind, OpenFile } from "./open_file.ts";
import { PTRACE, type Task } from "./task.ts";
import type { Tree } from "./tree.ts";

/** Tables whose folders are open at a time: each needs two descriptors, and a limit of 1024 is common. */
const OPEN_TABLES = 32;

/** The table of descriptors of one task, or of several that share it. */
class FdTable implements FileSource {
  #folder: FdFolder | undefined;
  constructor(readonly files: OpenFiles, readonly task: Task) {}

  get folder(): FdFolder {
    if (!this.#folder) {
      this.#folder = new FdFolder(this.files.tree.around.sys, this.task.dir);
      this.files.opened(this);
    }
    return this.#folder;
  }

  readonly #byPath = new Map<string, OpenFile>();
  statx(file: OpenFile): Statx | null {
    // A program may have one file open a thousand times.
    const before = this.#byPath.get(file.link);
    if (before && isSameFile(before, file)) return before.stat;
    this.#byPath.set(file.link, file);
    try {
      return this.folder.statx(file.fd) ?? null;
    } catch (error) {
      return this.#refused(`fd/${file.fd}`, error);
    }
  }

  fileSystem(fd: number): number | null {
    try {
      return this.folder.fileSystem(fd) ?? null;
    } catch (error) {
      return this.#refused(`fd/${fd}`, error);
    }
  }

  /** All descriptors, by number, with their fdinfo; none where they cannot be read. */
  read(): OpenFile[] {
    try {
      const make = (fd: number, link: string) => new OpenFile(this, fd, link);
      const files = this.folder.list(make, (error, fd) => this.#refused(`fd/${fd}`, error));
      this.#readInfos(firstOfSockets(files));
      return files.sort((a, b) => a.fd - b.fd);
    } catch (error) {
      return this.#refused("fd", error) ?? [];
    }
  }

  #readInfos(files: readonly OpenFile[]): void {
    const fds = files.map(({ fd }) => fd);
    const infos = this.folder.infos(fds, (error, fd) => this.#refused(`fdinfo/${fd}`, error));
    for (let i = 0; i < files.length; i++) files[i]!.info = infos[i] || null;
  }

  /** Remembers why something could not be read. Throws `GoneError`. */
  #refused(name: string, error: unknown): null {
    if (!(error instanceof SysError)) throw error;
    const { code } = error;
    if (code === "ESRCH") throw new GoneError(this.task.pid);
    const needs = code === "EACCES" || code === "EPERM" ? PTRACE : null;
    this.task.unreadable.push({ path: `/proc/${this.task.pid}/${name}`, errno: code, needs });
    return null;
  }

  close(): void {
    this.#folder?.[Symbol.dispose]();
    this.#folder = undefined;
  }
}

/** Whether two descriptors of one path are of one file, for certain: a deleted file may have had another's path. */
function isSameFile(a: OpenFile, b: OpenFile): boolean {
  const place = a.kind === "PATH" && !a.link.endsWith(" (deleted)") ? fdPlace(a.info ?? "") : undefined;
  return place !== undefined && place === fdPlace(b.info ?? "");
}

/** All but further descriptors of a socket: servers have many of these, and the first tells its locks. */
function firstOfSockets(files: readonly OpenFile[]): OpenFile[] {
  const sockets = new Set<string>();
  return files.filter(({ kind, link }) => {
    if (kind !== "SOCKET") return true;
    const before = sockets.size;
    return sockets.add(link).size > before;
  });
}

/** All descriptors of a tree, read in one walk; a table that tasks share is read once, as criu does. */
export class OpenFiles implements Disposable {
  readonly #open: FdTable[] = [];
  readonly #byTask = new Map<Task, readonly OpenFile[]>();
  /** In criu's order: by task, then by number. */
  readonly all: OpenFile[] = [];

  constructor(readonly tree: Tree) {
    const tasks = tree.living.filter((task) => !task.kernelThread);
    const first = firstSharers(tree, tasks);
    for (const task of tasks) {
      const owner = first.get(task.pid) ?? task.pid;
      if (owner !== task.pid) {
        this.#byTask.set(task, this.#byTask.get(tree.task(owner)!) ?? []);
        continue;
      }
      const files = new FdTable(this, task).read();
      this.#byTask.set(task, files);
      for (const file of files) this.all.push(file);
    }
  }

  /** The descriptors of a task, by number, whoever shares its table. */
  of(task: Task): readonly OpenFile[] {
    return this.#byTask.get(task) ?? [];
  }

  readonly #ofKind = new Map<LinkKind, readonly OpenFile[]>();
  /** Those of a kind, in criu's order. */
  ofKind(kind: LinkKind): readonly OpenFile[] {
    let files = this.#ofKind.get(kind);
    if (!files) this.#ofKind.set(kind, files = this.all.filter((file) => file.kind === kind));
    return files;
  }

  /** Remembers that a table's folders are open, and closes those of another one. */
  opened(table: FdTable): void {
    this.#open.push(table);
    if (this.#open.length > OPEN_TABLES) this.#open.shift()!.close();
  }

  [Symbol.dispose](): void {
    for (const table of this.#open.splice(0)) table.close();
  }
}

/** For each task that shares its table with an earlier one, the earliest. */
function firstSharers(tree: Tree, tasks: readonly Task[]): ReadonlyMap<number, number> {
  const first = new Map<number, number>();
  if (tasks.length < 2) return first;
  const pids = tasks.map(({ pid }) => pid);
  const order = new Map(pids.map((pid, i) => [pid, i]));
  for (const group of sharedBy(tree.around.sys, pids, "FILES").groups) {
    const earliest = group.reduce((a, b) => (order.get(b)! < order.get(a)! ? b : a));
    for (const pid of group) if (pid !== earliest) first.set(pid, earliest);
  }
  return first;
}

const READ = new WeakMap<Tree, OpenFiles>();

/** The descriptors of a tree; read at the first call, and closed with the tree. */
export function openFilesOf(tree: Tree): OpenFiles {
  let files = READ.get(tree);
  if (!files) {
    files = new OpenFiles(tree);
    READ.set(tree, files);
    tree.use(files);
  }
  return files;
}
