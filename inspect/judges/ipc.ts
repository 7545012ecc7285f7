import { tryReadText } from "../../ffi/files.ts";
import type { Sys } from "../../ffi/sys.ts";
import type { Mapping } from "../../proc/maps.ts";
import { parseSysvipc } from "../../proc/sysvipc.ts";
import type { Report } from "../report.ts";
import type { Task } from "../task.ts";
import type { Tree } from "../tree.ts";

const GETPID = 11;
/** Semaphores of one set that are asked for their last user. */
const ASKED = 256;

/** System V IPC: in a namespace of the tree all of it is dumped, in the caller's none of it. */
export function judgeIpc(tree: Tree, report: Report): void {
  if (!tree.dumps("ipc")) judgeHost(tree, report);
  for (const task of tree.living) if (!task.kernelThread) judgeAttachments(task, report);
}

/** Semaphores and queues that a task of the tree used last: restore leaves them to whoever keeps them. */
function judgeHost(tree: Tree, report: Report): void {
  const { sys } = tree.around;
  const lost = (task: Task, subject: string) =>
    report.add({
      rule: "ipc-sem-msg-host",
      task,
      subject,
      reason: "it used it last, and it belongs to the host's IPC namespace: it is not dumped",
    });
  for (const row of parseSysvipc(tryReadText(sys, "/proc/sysvipc/msg") ?? "")) {
    const task = tree.task(Number(row.lspid)) ?? tree.task(Number(row.lrpid));
    if (task) lost(task, `message queue ${row.msqid}`);
  }
  for (const row of parseSysvipc(tryReadText(sys, "/proc/sysvipc/sem") ?? "")) {
    const task = lastUser(tree, sys, Number(row.semid), Number(row.nsems));
    if (task) lost(task, `semaphores ${row.semid}`);
  }
}

function lastUser(tree: Tree, sys: Sys, id: number, count: number): Task | undefined {
  for (let i = 0; i < Math.min(count, ASKED); i++) {
    const pid = sys.try("semctl", id, i, GETPID, 0);
    const task = pid > 0 ? tree.task(pid) : undefined;
    if (task) return task;
  }
  return undefined;
}

/** Restore attaches whole segments: what was unmapped in part cannot be attached so. */
function judgeAttachments(task: Task, report: Report): void {
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
    if (size === null || whole(mappings, size)) continue;
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
function whole(mappings: readonly Mapping[], size: number): boolean {
  const PAGE = 4096;
  const full = Math.ceil(size / PAGE) * PAGE;
  let next = 0;
  for (const { start, end, offset } of mappings) {
    if (offset !== next) return false;
    next = offset + end - start;
    if (next >= full) next = 0;
  }
  return next === 0;
}
