import { epollFiles, type EpollTarget } from "../../../proc/fdinfo.ts";
import { KCMP } from "../../kcmp.ts";
import type { OpenFile } from "../../open_file.ts";
import { openFilesOf } from "../../open_files.ts";
import type { Reporter } from "../../report.ts";
import type { Task } from "../../task.ts";
import type { Tree } from "../../tree.ts";

/**
 * The kernel finds a target by walking over all of them, with the epoll locked: no more steps than this are asked of
 * one epoll, and then a target whose inode is right is taken as it seems.
 */
const STEPS = 1_000_000;
/** struct kcmp_epoll_slot: __u32 efd, tfd, toff */
const SLOT = 12;

/** An epoll descriptor: every file that it watches has to be found in the table of the same task. */
export function judgeEpoll(tree: Tree, report: Reporter, file: OpenFile): void {
  const { info } = file;
  if (info === null) return;
  const targets = epollFiles(info);
  if (targets.length === 0) return;
  const search = new Search(tree, file, targets.length);
  // criu counts those of one number, since a number may stand there several times.
  const met = new Map<number, number>();
  for (const target of targets) {
    const offset = met.get(target.fd) ?? 0;
    met.set(target.fd, offset + 1);
    const place = search.find(target, offset);
    if (place === target.fd) continue;
    report.add({
      rule: "fd-eventpoll-escaped",
      task: file.task,
      subject: `fd ${file.fd}`,
      reason: `it watches what was descriptor ${target.fd}, which has another number now or is closed`,
      values: [target.fd, file.task.pid],
    });
    if (place === null) {
      report.add({
        rule: "fd-eventpoll-foreign",
        task: file.task,
        subject: `fd ${file.fd}`,
        reason:
          `it watches what was descriptor ${target.fd}, and process ${file.task.pid} does not have that file open`,
        values: [file.task.pid, -1],
      });
    }
  }
}

class Search {
  readonly #tree: Tree;
  readonly #epoll: OpenFile;
  readonly #task: Task;
  readonly #count: number;
  readonly #byFd: ReadonlyMap<number, OpenFile>;
  #steps = 0;

  constructor(tree: Tree, epoll: OpenFile, count: number) {
    this.#tree = tree;
    this.#epoll = epoll;
    this.#task = epoll.task;
    this.#count = count;
    this.#byFd = tableOf(tree, epoll.task);
  }

  /** The number under which the task has a target open; null where it has it not. */
  find(target: EpollTarget, offset: number): number | null {
    const own = this.#byFd.get(target.fd);
    if (own && this.#is(own, target, offset)) return target.fd;
    for (const other of this.#byFd.values()) {
      if (other !== own && this.#is(other, target, offset)) return this.#elsewhere(other) ? null : other.fd;
    }
    return null;
  }

  #is(file: OpenFile, target: EpollTarget, offset: number): boolean {
    const inode = file.linkInode === null ? null : BigInt(file.linkInode);
    // A socket's inode is its own. Both ends of a pipe have the same one.
    if (inode !== null && target.ino !== null && inode !== target.ino) return false;
    if (file.kind === "SOCKET" && target.ino !== null) return true;
    if (inode === null && target.ino !== null && !this.#mayHave(file, target.ino)) return false;
    this.#steps += this.#count;
    if (this.#steps > STEPS) return file.fd === target.fd;
    const { sys } = this.#tree.around;
    const mark = sys.memory.mark();
    const slot = sys.memory.alloc(SLOT);
    [this.#epoll.fd, target.fd, offset].forEach((word, i) => sys.memory.setU32(slot + 4 * i, word));
    const result = sys.try("kcmp", this.#task.pid, this.#task.pid, KCMP.EPOLL_TFD, file.fd, slot);
    sys.memory.release(mark);
    // A kernel without the comparison cannot tell criu either: then the number is all that it looks at.
    return result < 0 ? file.fd === target.fd : result === 0;
  }

  /** Whether a file may have an inode; anonymous files of all kinds share one. */
  #mayHave(file: OpenFile, ino: bigint): boolean {
    return file.kind === "ANON" || file.stat === null || file.stat.ino === ino;
  }

  /** Whether an earlier task has the same file: criu then finds it there, and gives up. */
  #elsewhere(file: OpenFile): boolean {
    const { sys } = this.#tree.around;
    for (const task of this.#tree.tasks) {
      if (task === this.#task) return false;
      for (const other of openFilesOf(this.#tree).of(task)) {
        if (other.link !== file.link || other.task === file.task) continue;
        if (sys.try("kcmp", task.pid, this.#task.pid, KCMP.FILE, other.fd, file.fd) === 0) return true;
      }
    }
    return false;
  }
}

const TABLES = new WeakMap<Task, ReadonlyMap<number, OpenFile>>();

function tableOf(tree: Tree, task: Task): ReadonlyMap<number, OpenFile> {
  let table = TABLES.get(task);
  if (!table) {
    table = new Map(openFilesOf(tree).of(task).map((file) => [file.fd, file]));
    TABLES.set(task, table);
  }
  return table;
}
