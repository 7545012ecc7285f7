import { FIONREAD } from "../../../ffi/uapi.ts";
import { type WatchedFile, watchedFiles, watchedMounts } from "../../../proc/fdinfo.ts";
import { borrow, isRefused } from "../../borrow.ts";
import { findByHandle } from "../../file_handle.ts";
import { irmapLookUp } from "../../irmap.ts";
import { mountTableOf } from "../../mount_table.ts";
import type { OpenFile } from "../../open_file.ts";
import { given } from "../../plan.ts";
import type { Reporter } from "../../report.ts";
import type { Tree } from "../../tree.ts";

/** What criu keeps no inodes of, so that a path is a must. */
const VOLATILE = ["tmpfs", "devtmpfs"];

/** What inotify and fanotify descriptors watch: criu wants to find each file again. */
export function judgeWatches(tree: Tree, report: Reporter, file: OpenFile, kind: "inotify" | "fanotify"): void {
  const { info, task, fd } = file;
  if (info === null) return;
  const seen = { task, subject: `fd ${fd}` };
  for (const id of watchedMounts(info)) {
    if (!mountTableOf(tree).get(id)) {
      report.add({
        ...seen,
        rule: "fd-fanotify-foreign-mount",
        reason: `it watches mount ${id}, which no mount namespace of the tree shows`,
        values: [id],
      });
    }
  }
  for (const watched of watchedFiles(info)) judgeWatched(tree, report, file, watched);
  if (tree.around.plan.preDump) return;
  const waiting = bytesWaiting(tree, file);
  if (waiting > 0) {
    report.add({
      ...seen,
      rule: "fd-inotify",
      reason: `${kind} events wait to be read, and are dropped`,
      message: null,
    });
  }
}

function judgeWatched(tree: Tree, report: Reporter, file: OpenFile, watched: WatchedFile): void {
  const { sys, plan } = tree.around;
  const { device, ino } = watched;
  const seen = { task: file.task, subject: `fd ${file.fd}` };
  const name = `inode ${ino} of device ${device >>> 20}:${device & 0xfffff}`;
  const search = findByHandle(sys, mountTableOf(tree), watched);
  if (search.found === "PATH") return;
  if (search.found === "REFUSED") {
    return report.unknown(
      "fd-inotify-handle",
      seen.task,
      seen.subject,
      `it watches ${name}, and opening files by handle gives ${search.errno}`,
      "Inspect as root, with CAP_DAC_READ_SEARCH.",
    );
  }
  if (search.found === "FILE") {
    if (VOLATILE.includes(search.type)) {
      return report.add({
        ...seen,
        rule: "fd-inotify-tmpfs-gone",
        reason: `it watches ${name}, which has no path any more`,
        values: [device, ino, -2],
      });
    }
    if (!given(plan, "force-irmap")) return;
  }
  const root = mountTableOf(tree).mainRoot;
  const found = root === null ? null : irmapLookUp(root, plan, device, ino);
  if (typeof found === "string") return;
  if (found === null) {
    return report.unknown(
      "fd-inotify-handle",
      seen.task,
      seen.subject,
      `it watches ${name}, which no handle leads to, and whether criu finds its path is not known`,
    );
  }
  report.add({
    ...seen,
    rule: "fd-inotify-handle",
    effect: "REFUSED",
    reason: `it watches ${name}, which neither its handle nor a folder that criu searches leads to`,
    message: "Can't dump that handle",
    options: [],
    remedy: "Give --irmap-scan-path with the folder that the watched file lies in, or close the descriptor.",
  });
}

function bytesWaiting(tree: Tree, file: OpenFile): number {
  const { sys } = tree.around;
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const at = memory.alloc(4);
    const answer = borrow(sys, file.task, file.fd, (fd) => sys.try("ioctl", fd, FIONREAD, at));
    return isRefused(answer) || answer < 0 ? 0 : memory.u32(at);
  } finally {
    memory.release(mark);
  }
}
