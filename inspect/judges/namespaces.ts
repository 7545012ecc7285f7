import { SysError } from "../../ffi/errno.ts";
import { Fd } from "../../ffi/fd.ts";
import { readLink } from "../../ffi/files.ts";
import type { ProcDir } from "../../proc/dir.ts";
import { NS_KINDS, type NsKind, parseNsLink } from "../../proc/ns.ts";
import { parseTaskStat } from "../../proc/task_stat.ts";
import { mapsInside } from "../../proc/uid_map.ts";
import { holds } from "../../host/capability.ts";
import { given } from "../plan.ts";
import type { Report } from "../report.ts";
import type { Task } from "../task.ts";
import type { Tree } from "../tree.ts";

/** In criu's order (dump_task_ns_ids). */
const ORDER: readonly NsKind[] = ["pid", "net", "ipc", "uts", "time", "mnt", "user", "cgroup"];
/** Those of which a tree may have several (CLONE_SUBNS). */
const MANY: readonly NsKind[] = ["mnt", "net"];
/** Those that must belong to the user namespace of the root (check_user_ns). */
const OWNED: readonly NsKind[] = ["net", "uts", "time", "ipc", "mnt"];
/** ioctl on a namespace's file: its owning user namespace (ioctl_ns(2)). */
const NS_GET_USERNS = 0xb701;
const INIT_PID = 1;
/** Those that a thread may have without the others of its process. */
const THREAD_KINDS: readonly NsKind[] = ["net", "mnt", "uts", "ipc", "cgroup"];

/** Namespaces: those of the root that are not the caller's are part of the dump, and others of its tree mostly not allowed. */
export function judgeNamespaces(tree: Tree, report: Report): void {
  const { root } = tree;
  if (root.zombie || root.kernelThread) return;
  const nested = judgeNested(tree, report);
  if (tree.dumps("pid")) judgePidNamespace(tree, report);
  if (tree.dumps("user")) judgeUserNamespace(tree, report);
  for (const task of tree.living) judgeThreadNamespaces(task, report);
  if (tree.dumps("net")) judgeNetNamespace(tree, report, nested);
  if (tree.dumps("mnt")) judgeRootFolder(tree, report);
  for (const [kind, rule] of [["cgroup", "ns-cgroup"], ["time", "ns-time"]] as const) {
    if (!tree.dumps(kind)) continue;
    report.add({
      rule,
      task: root,
      subject: "task",
      reason: `it is in a ${kind} namespace of its own`,
      effect: "NEEDS_FEATURE",
      message: null,
      options: [],
    });
  }
  for (const task of tree.living) judgePending(tree, task, report);
}

/** Returns the network namespaces of the tree beside that of the root. */
function judgeNested(tree: Tree, report: Report): Set<number> {
  const { root } = tree;
  const { caller } = tree.around;
  const known = new Map(NS_KINDS.map((kind) => [kind, new Set([caller.ns(kind), root.ns(kind)])]));
  const nets = new Set<number>();
  for (const task of tree.living) {
    for (const kind of ORDER) {
      const inode = task.ns(kind);
      if (inode === null) continue;
      if (task !== root) judgeOne(tree, report, task, kind, inode, known.get(kind)!);
      if (kind === "net" && inode !== root.ns("net")) nets.add(inode);
      if (kind === "time") judgeTimeForChildren(task, report, inode, known.get(kind)!, task === root);
    }
  }
  if (nets.size > 0 && tree.dumps("net")) {
    report.add({
      rule: "ns-nested-net",
      task: root,
      subject: "task",
      reason: `its tree has ${nets.size + 1} network namespaces`,
      effect: "NEEDS_FEATURE",
    });
    report.add({
      rule: "ns-sk-ns-needed",
      task: root,
      subject: "task",
      reason: "of each socket criu asks in which of the network namespaces it is",
      effect: "NEEDS_FEATURE",
    });
  }
  return nets;
}

function judgeOne(
  tree: Tree,
  report: Report,
  task: Task,
  kind: NsKind,
  inode: number,
  known: Set<number | null>,
): void {
  const { root } = tree;
  const inRoots = inode === root.ns(kind);
  if (!known.has(inode) && !MANY.includes(kind)) {
    report.add({
      rule: kind === "cgroup" ? "cg-nested-ns" : "ns-nested",
      task,
      subject: "task",
      reason: `its ${kind} namespace is another one than that of the root`,
      values: [kind, task.pid],
    });
    return;
  }
  const first = !known.has(inode);
  known.add(inode);
  if (inRoots || tree.dumps(kind) && MANY.includes(kind) && inode !== tree.around.caller.ns(kind)) {
    if (first && kind === "mnt") {
      report.add({
        rule: "ns-nested-mnt",
        task,
        subject: "task",
        reason: "its mount namespace is another one than that of the root",
        effect: "NEEDS_FEATURE",
      });
    }
    return;
  }
  report.add({
    rule: tree.dumps(kind) ? "ns-child-outside" : "ns-nested-mnt-host",
    task,
    subject: "task",
    reason: tree.dumps(kind)
      ? `it is in the ${kind} namespace of the host, and the root is not`
      : `its ${kind} namespace is its own, while the root is in that of the host`,
    stage: "RESTORE",
    effect: "REFUSED",
    message: null,
  });
}

function judgeTimeForChildren(
  task: Task,
  report: Report,
  time: number,
  known: ReadonlySet<number | null>,
  isRoot: boolean,
): void {
  const children = task.ns("time_for_children");
  if (children === null || children === time) return;
  report.add({
    rule: "ns-time-children",
    task,
    subject: "task",
    reason: "its children would be born in another time namespace",
    // criu numbers the namespaces that it has met, and the root may bring a new one.
    message: isRoot || known.has(children) ? "Can't dump nested time namespace" : "Can't dump nested time_for_children",
    values: [task.pid],
    effect: "REFUSED",
  });
}

function judgePidNamespace(tree: Tree, report: Report): void {
  const { root } = tree;
  const { plan } = tree.around;
  const inode = root.ns("pid");
  const inside = root.status.nsPids.at(-1);
  const external = plan.options.some(({ name, value }) => name === "external" && value?.startsWith(`pid[${inode}]:`));
  if (external) {
    report.add({
      rule: "ns-pid-external",
      task: root,
      subject: "task",
      reason: "its pid namespace must be given to restore with --inherit-fd",
      stage: "RESTORE",
      effect: "RISK",
      message: null,
    });
  } else if (inside !== undefined && inside !== INIT_PID) {
    report.add({
      rule: "ns-pid-no-init",
      task: root,
      subject: "task",
      reason: `it is process ${inside} of its pid namespace, and process 1 of it is not in the tree`,
      effect: "NEEDS_OPTION",
      options: [`--external pid[${inode}]:pidns`],
    });
  }
  judgeOwnProc(tree, report, inside);
}

/** criu's code inside needs a /proc of its own namespace, or the right to mount one. */
function judgeOwnProc(tree: Tree, report: Report, inside: number | undefined): void {
  const { root } = tree;
  if (inside === undefined || holds(root.status.capEff, "CAP_SYS_ADMIN")) return;
  const proc = root.mountinfo?.findLast(({ point }) => point === "/proc");
  // A path of a file system that may hang is not walked.
  const same = proc?.type === "proc" && proc.root === "/" && root.fact("root/proc", (dir) => {
    try {
      return parseTaskStat(dir.text(`root/proc/${inside}/stat`)).start === root.stat.start;
    } catch (error) {
      if (error instanceof SysError && error.code === "ENOENT") return false;
      throw error;
    }
  });
  if (same !== false) return;
  report.add({
    rule: "ns-pid-proc-mount",
    task: root,
    subject: "task",
    reason: "its /proc shows another pid namespace, and it may not mount one",
  });
}

function judgeUserNamespace(tree: Tree, report: Report): void {
  const { root } = tree;
  const uids = root.uidMap, gids = root.gidMap;
  if (uids === null || gids === null) return;
  if (!mapsInside(uids, 0) || !mapsInside(gids, 0)) {
    report.add({
      rule: "ns-user-map",
      task: root,
      subject: "task",
      reason: `its user namespace maps no ${mapsInside(uids, 0) ? "group" : "user"} 0`,
      effect: "REFUSED",
    });
    return;
  }
  if (!tree.dumps("pid")) {
    report.add({
      rule: "ns-user-without-pid",
      task: root,
      subject: "task",
      reason: "it is in a user namespace of its own, but not in a pid namespace that belongs to that",
    });
  }
  for (const kind of OWNED) {
    if (!tree.dumps(kind)) continue;
    const owner = ownerOf(tree, kind);
    if (owner === null || owner === root.ns("user")) continue;
    report.add({
      rule: "ns-user-ownership",
      task: root,
      subject: `${kind} namespace`,
      reason: `its ${kind} namespace belongs to another user namespace than its own`,
    });
    return;
  }
  for (const task of tree.living) {
    const outside = task.status.uids.find((uid) =>
      !uids.some((one) => uid >= one.outside && uid < one.outside + one.count)
    );
    if (outside === undefined) continue;
    report.add({
      rule: "ns-user-unmapped-ids",
      task,
      subject: "task",
      reason: `uid ${outside} is not in the map of its user namespace`,
      stage: "RESTORE",
      effect: "UNKNOWN",
    });
  }
}

/** The inode of the user namespace that owns a namespace of the root; null where it cannot be told. */
function ownerOf(tree: Tree, kind: NsKind): number | null {
  const { sys } = tree.around;
  return tree.root.fact(`ns/${kind} owner`, (dir) => {
    using ns = dir.open(`ns/${kind}`);
    const owner = sys.try("ioctl", ns.number, NS_GET_USERNS, 0);
    // The owner is outside of what this process may see: not the tree's.
    if (owner < 0) return 0;
    using fd = new Fd(sys, owner);
    return parseNsLink(readLink(sys, `/proc/self/fd/${fd.number}`));
  });
}

function judgeNetNamespace(tree: Tree, report: Report, nested: ReadonlySet<number>): void {
  const { plan } = tree.around;
  const { root } = tree;
  const inode = root.ns("net");
  if (plan.options.some(({ name, value }) => name === "external" && value?.startsWith(`net[${inode}]`))) {
    report.add({
      rule: "ns-net-external",
      task: root,
      subject: "task",
      reason: "its network namespace must be given to restore with --inherit-fd",
      stage: "RESTORE",
      effect: "RISK",
      message: null,
    });
  }
  if (given(plan, "empty-ns", "net") && nested.size > 0) {
    report.add({
      rule: "ns-net-empty",
      task: root,
      subject: "task",
      reason: `--empty-ns net is given, and its tree has ${nested.size + 1} network namespaces`,
      effect: "REFUSED",
      options: [],
    });
  }
}

function judgeRootFolder(tree: Tree, report: Report): void {
  const root = tree.root.link("root");
  if (root === null || root === "/") return;
  // criu reads the mounts as the root task sees them: those below its root folder.
  const mounts = tree.root.mountinfo ?? [];
  const [values, message] = mounts.length === 0
    ? [[tree.root.pid], "Can't parse"]
    : mounts.some(({ point }) => point === "/")
    ? [[root], undefined]
    : [[mounts.at(-1)!.id, `.${mounts.at(-1)!.point}`], "No parent found"];
  report.add({
    rule: "ns-mnt-chroot",
    task: tree.root,
    subject: "task",
    reason: `its root folder ${root} is below that of its mount namespace`,
    values,
    ...(message === undefined ? {} : { message }),
  });
}

/** criu reads the namespaces of the leader for all threads. */
function judgeThreadNamespaces(task: Task, report: Report): void {
  for (const { tid } of task.threads) {
    if (tid === task.pid) continue;
    const other = THREAD_KINDS.find((kind) => {
      const own = task.ns(kind);
      const inode = task.fact(`task/${tid}/ns/${kind}`, (dir) => threadNs(dir, tid, kind));
      return own !== null && inode !== null && own !== inode;
    });
    if (other === undefined) continue;
    report.add({
      rule: "thread-namespaces",
      task,
      subject: `thread ${tid}`,
      reason: `its ${other} namespace is another one than that of its process, and gets lost`,
    });
  }
}

/** Null for a thread that has ended meanwhile. */
function threadNs(dir: ProcDir, tid: number, kind: NsKind): number | null {
  try {
    return parseNsLink(dir.link(`task/${tid}/ns/${kind}`));
  } catch (error) {
    if (error instanceof SysError && (error.code === "ENOENT" || error.code === "ESRCH")) return null;
    throw error;
  }
}

/** A namespace that waits for the first child. */
function judgePending(tree: Tree, task: Task, report: Report): void {
  if (task.kernelThread) return;
  const pid = task.ns("pid"), children = task.ns("pid_for_children");
  // Until its first child is born the kernel has no link for it.
  const unborn = children === null && tree.around.host.link("/proc/self/ns/pid_for_children") !== undefined;
  if (pid === null || (children === null ? !unborn : pid === children)) return;
  report.add({
    rule: "ns-pid-for-children",
    task,
    subject: "task",
    reason: "its children would be born in another pid namespace, and after a restore they are not",
  });
}
