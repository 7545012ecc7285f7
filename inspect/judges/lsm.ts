import { errnoName, SysError } from "../../ffi/errno.ts";
import type { ProcDir } from "../../proc/dir.ts";
import { openFilesOf } from "../open_files.ts";
import type { Report } from "../report.ts";
import type { Task } from "../task.ts";
import type { Tree } from "../tree.ts";

/** Labels of security modules: criu knows AppArmor and SELinux, whichever it finds first. */
export function judgeLsm(tree: Tree, report: Report): void {
  const { host } = tree.around;
  const apparmor = host.exists("/sys/kernel/security/apparmor");
  const selinux = !apparmor && host.exists("/sys/fs/selinux/enforce");
  const other = ["smack", "tomoyo"].find((name) => host.exists(`/sys/kernel/security/${name}`)) ??
    (host.exists("/sys/fs/smackfs") ? "smack" : undefined);
  for (const task of tree.living) {
    if (task.kernelThread) continue;
    if (apparmor) judgeAppArmor(task, report);
    else if (selinux) judgeSelinux(task, report);
    if (selinux) judgeSocketLabels(tree, task, report);
    if (other && label(task, other === "smack" ? "attr/smack/current" : "attr/current")) {
      report.add({
        rule: "lsm-smack-tomoyo",
        task,
        subject: "task",
        reason: `criu does not know ${other}, whose label it has`,
        effect: "LOST",
      });
    }
  }
  report.assume("no Landlock domain");
}

function label(task: Task, name: string): string | null {
  return task.fact(name, (dir) => optional(dir, name));
}

/** Null for a file that is not there, or that no module feeds (EINVAL). */
function optional(dir: ProcDir, name: string): string | null {
  try {
    return dir.text(name).replace(/[\0\n]+$/, "");
  } catch (error) {
    if (error instanceof SysError && (error.code === "ENOENT" || error.code === "EINVAL")) return null;
    throw error;
  }
}

function judgeAppArmor(task: Task, report: Report): void {
  const profile = label(task, "attr/apparmor/current") ?? label(task, "attr/current");
  if (profile === null || profile === "" || profile.startsWith("unconfined")) return;
  const name = profile.split(" ", 1)[0]!;
  if (name.startsWith(":")) {
    report.add({
      rule: "lsm-apparmor-ns",
      task,
      subject: "task",
      reason: `its profile ${name} is of an AppArmor namespace`,
      effect: "NEEDS_FEATURE",
      without: "LOST",
    });
  }
}

function judgeSelinux(task: Task, report: Report): void {
  const context = label(task, "attr/current");
  if (context === null || context.split(":").length > 3) return;
  report.add({
    rule: "lsm-selinux",
    task,
    subject: "task",
    reason: `its SELinux label ${context} has not the four parts that criu asks for`,
    values: [context],
  });
}

/** criu keeps the label of every socket, and gives up where one cannot be read. */
function judgeSocketLabels(tree: Tree, task: Task, report: Report): void {
  const { sys } = tree.around;
  const { memory } = sys;
  for (const file of openFilesOf(tree).of(task)) {
    if (file.kind !== "SOCKET") continue;
    const mark = memory.mark();
    const path = memory.cstring(`/proc/${task.pid}/fd/${file.fd}`);
    const size = sys.try("getxattr", path, memory.cstring("security.selinux"), 0, 0);
    memory.release(mark);
    if (size >= 0) continue;
    report.add({
      rule: "lsm-selinux-socket",
      task,
      subject: `fd ${file.fd}`,
      reason: `the SELinux label of the socket cannot be read: ${errnoName(-size)}`,
      values: [file.fd],
    });
  }
}
