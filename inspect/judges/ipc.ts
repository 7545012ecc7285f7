import { tryReadText } from "../../ffi/files.ts";
import type { Sys } from "../../ffi/sys.ts";
import type { Mapping } from "../../proc/maps.ts";
import { parseSysvipc, type SysvipcRow } from "../../proc/sysvipc.ts";
import type { Report } from "../report.ts";
import type { Task } from "../task.ts";
import type { Tree } from "../tree.ts";

const GETPID = 11;
/** Semaphores of one set that are asked for their last user. */
const ASKED = 256;
/** Clock ticks of a second in /proc (USER_HZ). */
const TICKS = 100;

/** System V IPC: in a namespace of the tree all of it is dumped, in the caller's none of it. */
export function judgeIpc(tree: Tree, report: Report): void {
  if (!tree.dumps("ipc")) judgeHost(tree, report);
  for (const task of tree.living) {
    if (task.kernelThread) continue;
    judgeAttachments(tree.around.sys.page, task, report);
    const attached = tree.dumps("ipc") ? [] : (task.maps ?? []).filter(({ path }) => path.startsWith("/SYSV"));
    for (const id of new Set(attached.map(({ inode }) => inode))) {
      report.add({
        rule: "ipc-shm-host",
        task,
        subject: `shared memory ${id}`,
        reason: "it is attached, and belongs to the host's IPC namespace",
        // The mapping is what criu complains of.
        message: null,
      });
    }
  }
}

/** Semaphores and queues that a task of the tree used last: restore leaves them to whoever keeps them. */
function judgeHost(tree: Tree, report: Report): void {
  const { sys } = tree.around;
  const lost = (task: Task, subject: string) =>
    report.add({
      rule: "ipc-sem-msg-host",
      task,
      subject,
      reason: "it made or used it last, and that belongs to the host's IPC namespace: it is not dumped",
    });
  for (const row of parseSysvipc(tryReadText(sys, "/proc/sysvipc/msg") ?? "")) {
    const users = [Number(row.lspid), Number(row.lrpid)];
    const task = tree.task(users[0]!) ?? tree.task(users[1]!) ??
      (users.some((pid) => pid > 0) ? undefined : creator(tree, row));
    if (task) lost(task, `message queue ${row.msqid}`);
  }
  for (const row of parseSysvipc(tryReadText(sys, "/proc/sysvipc/sem") ?? "")) {
    const users = lastUsers(sys, Number(row.semid), Number(row.nsems));
    const found = users.find((pid) => tree.task(pid));
    const task = found === undefined ? (users.length > 0 ? undefined : creator(tree, row)) : tree.task(found);
    if (task) lost(task, `semaphores ${row.semid}`);
  }
}

/** The processes that used the semaphores of a set last. */
function lastUsers(sys: Sys, id: number, count: number): number[] {
  const pids: number[] = [];
  for (let i = 0; i < Math.min(count, ASKED); i++) {
    const pid = sys.try("semctl", id, i, GETPID, 0);
    if (pid > 0) pids.push(pid);
  }
  return pids;
}

/** Who may have made what nobody has used: a task of the same user that was there already. */
function creator(tree: Tree, row: SysvipcRow): Task | undefined {
  const made = Number(row.ctime);
  const boot = Number(/^btime (\d+)$/m.exec(tree.around.host.read("/proc/stat") ?? "")?.[1] ?? Infinity);
  return tree.living.find(({ status, stat }) =>
    status.uids[1] === Number(row.cuid) && boot + Math.floor(Number(stat.start) / TICKS) <= made
  );
}

/** Restore attaches whole segments: what was unmapped in part cannot be attached so. */
function judgeAttachments(page: number, task: Task, report: Report): void {
  const segments = new Map<string, Mapping[]>();
  for (const mapping of task.maps ?? []) {
    if (!mapping.path.startsWith("/SYSV") || mapping.permissions[3] !== "s") continue;
    const list = segments.get(mapping.inode);
    if (list) list.push(mapping);
    else segments.set(mapping.inode, [mapping]);
  }
  for (const [inode, mappings] of segments) {
    const { start, end } = mappings[0]!;
    const name = `map_files/${start.toString(16)}-${end.toString(16)}`;
    const size = task.fact(`${name} size`, (dir) => dir.statx(name).size);
    if (size === null || whole(mappings, size, page)) continue;
    report.add({
      rule: "ipc-shm-partial-attach",
      task,
      subject: `vma ${start.toString(16)}-${end.toString(16)}`,
      reason: "a part of the System V segment that is attached there was unmapped",
      values: [BigInt(inode)],
    });
  }
}

/** Whether mappings of a segment, in the order of their addresses, are attachments of all of it. */
function whole(mappings: readonly Mapping[], size: number, page: number): boolean {
  const full = Math.ceil(size / page) * page;
  let next = 0;
  for (const { start, end, offset } of mappings) {
    if (offset !== next) return false;
    next = offset + end - start;
    if (next >= full) next = 0;
  }
  return next === 0;
}
