import { SysError } from "../../../ffi/errno.ts";
import { O_APPEND, O_WRONLY } from "../../../ffi/uapi.ts";
import { fdFlags } from "../../../proc/fdinfo.ts";
import { S_IFMT, S_IFREG } from "../../../proc/statx.ts";
import type { OpenFile } from "../../open_file.ts";
import { openFilesOf } from "../../open_files.ts";
import { outerFiles } from "../../outside.ts";
import type { Reporter } from "../../report.ts";
import type { Tree } from "../../tree.ts";

/** A file that has not changed for so long is taken not to change until restore, seconds. */
const QUIET = 300;
const O_ACCMODE = 3;

/** Regular files whose size restore compares, and that somebody goes on writing to. */
export function judgeWriters(tree: Tree, report: Reporter): void {
  const since = Date.now() / 1000 - QUIET;
  const byLink = new Map<string, OpenFile>();
  for (const file of openFilesOf(tree).ofKind("PATH")) {
    if (byLink.has(file.link)) continue;
    const { stat } = file;
    if (!stat || (stat.mode & S_IFMT) !== S_IFREG || stat.nlink === 0) continue;
    if (tree.around.plan.leaveRunning) {
      const flags = file.flags ?? 0;
      if ((flags & O_ACCMODE) === 0 || isLog(flags)) continue;
      reportWriter(report, file, "the process itself goes on writing to it after the dump (--leave-running)");
    } else if (stat.changed >= since) byLink.set(file.link, file);
  }
  if (byLink.size === 0) return;
  try {
    for (const outer of outerFiles(tree, [...byLink.keys()])) {
      const file = byLink.get(outer.link);
      if (!file || isLog(file.flags ?? 0) || ((fdFlags(outer.info() ?? "") ?? 0) & O_ACCMODE) === 0) continue;
      reportWriter(report, file, `process ${outer.pid}, outside of the tree, has it open for writing`);
      byLink.delete(outer.link);
    }
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}

/** criu does not compare the size of what is only appended to. */
function isLog(flags: number): boolean {
  return (flags & O_ACCMODE) === O_WRONLY && (flags & O_APPEND) !== 0;
}

function reportWriter(report: Reporter, { task, fd, link }: OpenFile, who: string): void {
  report.add({
    rule: "file-size-changes",
    task,
    subject: `fd ${fd}`,
    reason: `restore wants ${link} with the size that it has now, and ${who}`,
    message: null,
    options: [],
  });
}
