import { findProgram } from "../../ffi/programs.ts";
import { type FaultyMount, faultyMounts, type MountNamespace, type MountOptions } from "../mounts.ts";
import { openFilesOf } from "../open_files.ts";
import { argumentsOf, type DumpPlan, given } from "../plan.ts";
import type { Report } from "../report.ts";
import type { Task } from "../task.ts";
import type { Tree } from "../tree.ts";
import { SysError } from "../../ffi/errno.ts";
import type { Mount } from "../../proc/mountinfo.ts";

/** Options of a mount that criu keeps (parse_mnt_flags). */
const KEPT = "rw ro nosuid nodev noexec noatime nodiratime relatime".split(" ");
const TAGS = ["shared:", "master:", "propagate_from:", "unbindable"];
/** Types of which criu looks into the mount itself. */
const OPENED = ["tmpfs", "mqueue", "pstore", "fusectl", "binfmt_misc"];
/** Forms of autodetection, from the one that permits least. */
const AUTO = [["mnt[]"], ["mnt[]:m"], ["mnt[]:s"], ["mnt[]:m", "mnt[]:s"]] as const;

/** Mounts of the dumped namespaces: criu makes each anew, or must be told who does. */
export function judgeMounts(tree: Tree, report: Report): void {
  const namespaces = namespacesOf(tree);
  if (namespaces === null) return;
  const dumped = namespaces.filter(({ kind }) => kind !== "CRIU");
  for (const { mounts } of dumped) for (const mount of mounts) judgeTags(tree.root, mount, report);
  const base = optionsOf(tree.around.plan);
  const look = (options: MountOptions) =>
    faultyMounts(namespaces, tree.around.caller.mountinfo, options, tree.dumps("cgroup"));
  const faults = look(base);
  if (faults.length > 0) {
    const solution = solve(look, base, faults);
    for (const fault of faults) {
      reportFault(tree, report, fault, solution);
      if (
        fault.fault === "fuse" && namespaces[0]!.mounts.some(({ type, root }) => type === "fusectl" && root === "/")
      ) {
        report.add({
          rule: "mnt-fusectl",
          task: tree.root,
          subject: `mount ${fault.mount.point}`,
          reason: "the control file system of FUSE is mounted too, and tells criu of it",
          values: [`.${fault.mount.point}`],
          options: solution ? [chosenFor(fault.mount, fault.fault, solution.externals)] : [],
          effect: solution ? "NEEDS_OPTION" : "REFUSED",
        });
      }
    }
  }
  judgeSkipped(tree, report, namespaces, base);
  const own = tree.dumps("mnt");
  for (const mount of own ? dumped[0]!.mounts : []) judgeContents(tree, mount, report, base);
  if (own) {
    report.add({
      rule: "mnt-restore-root",
      task: tree.root,
      subject: "task",
      reason: "restore makes its mounts anew below a folder that is given with --root",
      stage: "RESTORE",
      effect: "NEEDS_OPTION",
      message: null,
    });
    report.add({
      rule: "mnt-v2-engine",
      task: tree.root,
      subject: "task",
      reason: "restore falls back to an older way of mounting, which knows fewer kinds of sharing",
      stage: "RESTORE",
      effect: "NEEDS_FEATURE",
      without: "RISK",
      options: [],
    });
  }
}

/** The mount namespaces that criu collects; null where all is in the caller's, and nothing is looked at. */
function namespacesOf(tree: Tree): MountNamespace[] | null {
  const { caller } = tree.around;
  const found = new Map<number, Task>();
  for (const task of tree.living) {
    const inode = task.kernelThread ? null : task.ns("mnt");
    if (inode !== null && inode !== caller.ns("mnt") && !found.has(inode)) found.set(inode, task);
  }
  if (found.size === 0) return null;
  const namespaces: MountNamespace[] = [];
  for (const task of found.values()) {
    const mounts = task.mountinfo;
    if (mounts === null) return null;
    namespaces.push({ kind: task === tree.root ? "ROOT" : "OTHER", mounts });
  }
  return tree.dumps("mnt") ? namespaces : [{ kind: "CRIU", mounts: caller.mountinfo }, ...namespaces];
}

function optionsOf(plan: DumpPlan): MountOptions {
  const externals = argumentsOf(plan, "external");
  const inside = (prefix: string) =>
    externals.flatMap((one) => {
      const end = one.indexOf("]");
      return one.startsWith(`${prefix}[`) && end > prefix.length + 1 ? [one.slice(prefix.length + 1, end)] : [];
    });
  // The older --ext-mount-map PATH:KEY and `auto` mean the same.
  const mapped = argumentsOf(plan, "ext-mount-map");
  const auto = externals.filter((one) => one.startsWith("mnt[]"));
  return {
    auto: auto.length > 0 || mapped.includes("auto"),
    masters: auto.includes("mnt[]:m") || given(plan, "enable-external-masters"),
    sharing: auto.includes("mnt[]:s") || given(plan, "enable-external-sharing"),
    external: new Set([...inside("mnt"), ...mapped.map((one) => one.split(":", 1)[0]!)]),
    devices: new Set(inside("dev")),
    enabled: new Set(argumentsOf(plan, "enable-fs").flatMap((one) => one.split(","))),
    skipped: new Set(argumentsOf(plan, "skip-mnt")),
  };
}

/** Options that let every mount pass. */
interface Solution {
  /** Arguments of --external. */
  readonly externals: readonly string[];
  /** Others that would do instead. */
  readonly instead: readonly (readonly string[])[];
}

/** Looks for the smallest set of --external that leaves no fault; null where there is none. */
function solve(
  look: (options: MountOptions) => FaultyMount[],
  base: MountOptions,
  faults: readonly FaultyMount[],
): Solution | null {
  const explicit = solveExplicitly(look, base, faults);
  const auto = AUTO.find((words) => {
    const [first, second] = words;
    const all: string[] = second === undefined ? [first] : [first, second];
    return look({
      ...base,
      auto: true,
      masters: base.masters || all.includes("mnt[]:m"),
      sharing: base.sharing || all.includes("mnt[]:s"),
    }).length === 0;
  });
  const found = [explicit, auto].filter((one): one is NonNullable<typeof one> => one !== null && one !== undefined);
  if (found.length === 0) return null;
  // The fewest, and of equally many the one that names what it means.
  const [best, ...others] = found.sort((a, b) => a.length - b.length);
  return { externals: best!, instead: others };
}

/** Each faulty mount as external by its path, the widest first: the others may be bound from it. */
function solveExplicitly(
  look: (options: MountOptions) => FaultyMount[],
  base: MountOptions,
  faults: readonly FaultyMount[],
): string[] | null {
  const chosen: string[] = [];
  const external = new Set(base.external);
  for (let left = faults; left.length > 0;) {
    const open = left.filter(({ namespace, fault, mount }) =>
      namespace.kind === "ROOT" && fault !== "twice" && mount.point !== "/"
    );
    if (open.length < left.length) return null;
    const widest = open.reduce((a, b) => (b.mount.root.length < a.mount.root.length ? b : a));
    if (external.has(widest.mount.point)) return null;
    external.add(widest.mount.point);
    chosen.push(`mnt[${widest.mount.point}]:${widest.mount.point}`);
    left = look({ ...base, external });
  }
  return chosen;
}

const RULES = {
  twice: "mnt-same-mountpoint-twice",
  master: "mnt-external-master",
  type: "mnt-fs-unsupported",
  bind: "mnt-bind-outside",
  fuse: "mnt-fuse",
} as const;

function reportFault(tree: Tree, report: Report, faulty: FaultyMount, solution: Solution | null): void {
  const { mount, fault, other } = faulty;
  const REASONS = {
    twice: `mount ${other?.id} is on the same mountpoint`,
    master: "it receives mounts from a mount that is not in the tree's namespaces",
    type: `criu does not know how to mount ${mount.type}`,
    bind: `it shows ${mount.root} of a file system (${mount.type}) whose root is mounted nowhere in the tree`,
    fuse: `nobody but its own server can take what is in a ${mount.type}`,
  };
  const point = `.${mount.point}`;
  const VALUES = {
    twice: [mount.parent, other?.id ?? 0, mount.id],
    master: [mount.id, point, mount.master ?? 0, mount.shared ?? 0],
    type: [point, (mount.major << 20) | mount.minor, mount.root, mount.id],
    bind: [mount.id, point],
    fuse: [point, "fuse"],
  };
  const options = solution ? [chosenFor(mount, fault, solution.externals), ...instead(mount, fault, solution)] : [];
  if (fault === "type" && solution && mount.root === "/") options.push(`--enable-fs ${mount.type}`);
  const shared = fault === "bind" && mount.shared !== null && solution?.externals.includes("mnt[]:s");
  report.add({
    rule: shared ? "mnt-external-shared" : RULES[fault],
    task: tree.root,
    subject: `mount ${mount.point}`,
    reason: REASONS[fault],
    values: VALUES[fault],
    options,
    effect: options.length > 0 ? "NEEDS_OPTION" : "REFUSED",
  });
}

/** Which of the chosen options lifts a fault. */
function chosenFor(mount: Mount, fault: string, externals: readonly string[]): string {
  const own = externals.find((one) => one === `mnt[${mount.point}]:${mount.point}`);
  const auto = (form: string) => externals.find((one) => one === form);
  const found = own ?? (fault === "master" || mount.master !== null ? auto("mnt[]:m") : undefined) ??
    (mount.shared !== null ? auto("mnt[]:s") : undefined) ?? externals[0]!;
  return `--external ${found}`;
}

function instead(mount: Mount, fault: string, { instead }: Solution): string[] {
  return instead.map((externals) => chosenFor(mount, fault, externals));
}

function judgeTags(task: Task, mount: Mount, report: Report): void {
  const unknown = mount.tags.find((tag) => !TAGS.some((known) => tag.startsWith(known)));
  if (unknown !== undefined) {
    report.add({
      rule: "mnt-unknown-propagation",
      task,
      subject: `mount ${mount.point}`,
      reason: `criu does not know what ${unknown} means`,
      values: [unknown],
    });
  }
  const lost = mount.options.filter((option) => !KEPT.includes(option));
  if (lost.length > 0) {
    report.add({
      rule: "mnt-unknown-flags",
      task,
      subject: `mount ${mount.point}`,
      reason: `it is mounted with ${lost.join(", ")}, which is not kept`,
    });
  }
}

/** Programs by which criu saves the contents of a tmpfs. */
const ARCHIVERS = ["tar", "gzip"];

/** What criu finds when it writes down a mount of the root's namespace. */
function judgeContents(tree: Tree, mount: Mount, report: Report, options: MountOptions): void {
  const { root } = tree;
  if (options.external.has(mount.point) || options.skipped.has(mount.point)) return;
  if ((mount.type === "mqueue" || mount.type === "pstore") && mount.root === "/" && holdsFiles(root, mount)) {
    report.add({
      rule: mount.type === "mqueue" ? "ipc-mqueue-mount" : "mnt-nonempty-pseudo",
      task: root,
      subject: `mount ${mount.point}`,
      reason: mount.type === "mqueue" ? "there are message queues in it" : "there are records in it",
      values: [mount.type],
      effect: "NEEDS_OPTION",
      options: [`--external mnt[${mount.point}]:${mount.point}`],
    });
  }
  if (mount.type === "tmpfs" && mount.root === "/") {
    const missing = ARCHIVERS.find((name) => findProgram(tree.around.sys, name).path === null);
    if (missing !== undefined) {
      report.add({
        rule: "mnt-tmpfs",
        task: root,
        subject: `mount ${mount.point}`,
        effect: "REFUSED",
        reason: `there is no ${missing} in PATH, with which criu saves what is in a tmpfs`,
      });
    }
  }
  const pts = mount.type === "devpts" ? /^\/(\d+)$/.exec(mount.root)?.[1] : undefined;
  // Container engines take the master over themselves.
  const orphan = given(tree.around.plan, "orphan-pts-master");
  if (pts !== undefined && !orphan && !masterIsOpen(tree, Number(pts))) {
    report.add({
      rule: "tty-pts-bind-mount",
      task: root,
      subject: `mount ${mount.point}`,
      reason: `it shows terminal ${pts}, whose master nobody in the tree has open`,
      values: [mount.root],
      effect: "NEEDS_OPTION",
      options: [`--external mnt[${mount.point}]:${mount.point}`],
    });
  }
  if (mount.type === "autofs") judgeAutofs(tree, mount, report);
  // criu undoes the kernel's escapes of blanks and backslashes, but not of these.
  if (mount.point.includes("\n") && OPENED.includes(mount.type) && mount.root === "/") {
    report.add({
      rule: "mnt-odd-name",
      task: root,
      subject: `mount ${mount.point}`,
      reason: "criu does not find the folder, whose name has a newline in it",
      message: "Unable to dump",
      values: [mount.id, `.${mount.point.replaceAll("\n", "\\012")}`],
      effect: "REFUSED",
      options: [],
    });
  }
  if (mount.type === "overlay" && mount.point !== "/") {
    report.add({
      rule: "mnt-overlay",
      task: root,
      subject: `mount ${mount.point}`,
      reason: "restore mounts it anew, for which the folders of its layers must be there",
      stage: "RESTORE",
      effect: "RISK",
      message: null,
    });
  }
}

/** Whether there is anything in a mount of a kernel file system; what lies over it is not looked into. */
function holdsFiles(task: Task, mount: Mount): boolean {
  const path = `root${mount.point}`;
  return task.fact(path, (dir) => {
    try {
      return dir.statx(path).mount === mount.id && dir.names(path).length > 0;
    } catch (error) {
      if (error instanceof SysError && error.code === "ENOENT") return false;
      throw error;
    }
  }) ?? false;
}

function masterIsOpen(tree: Tree, index: number): boolean {
  return tree.living.some((task) =>
    openFilesOf(tree).of(task).some((file) =>
      /\/ptmx$/.test(file.link) && new RegExp(`^tty-index:\\s*${index}$`, "m").test(file.info ?? "")
    )
  );
}

function judgeAutofs(tree: Tree, mount: Mount, report: Report): void {
  const word = (name: string) => new RegExp(`(?:^|,)${name}=(-?\\d+)`).exec(mount.superOptions)?.[1];
  const pipe = word("pipe_ino"), master = word("pgrp");
  const options = [`--external mnt[${mount.point}]:${mount.point}`];
  if (pipe === undefined) {
    report.add({
      rule: "mnt-autofs",
      task: tree.root,
      subject: `mount ${mount.point}`,
      reason: "the kernel does not tell the pipe to its master",
      effect: "NEEDS_OPTION",
      options,
    });
    return;
  }
  // Nobody is asked through this mount any more.
  if (word("fd") === "-1") return;
  // The kernel writes the number as the reader of mountinfo has it.
  const task = tree.task(Number(master));
  if (task && openFilesOf(tree).of(task).some(({ link }) => link === `pipe:[${pipe}]`)) return;
  report.add({
    rule: "mnt-autofs-foreign-master",
    task: tree.root,
    subject: `mount ${mount.point}`,
    reason: `its master ${master ?? ""} is not in the tree`,
    values: [Number(master ?? 0), Number(pipe)],
    effect: "NEEDS_OPTION",
    options,
  });
}

/** An open file on a mount that is left out is on a mount that criu does not know. */
function judgeSkipped(
  tree: Tree,
  report: Report,
  namespaces: readonly MountNamespace[],
  { skipped }: MountOptions,
): void {
  if (skipped.size === 0) return;
  const left = new Map(
    namespaces.flatMap(({ mounts }) => mounts).filter(({ point }) => skipped.has(point)).map((one) => [one.id, one]),
  );
  for (const file of openFilesOf(tree).all) {
    const mount = file.kind === "PATH" && file.mount !== null ? left.get(file.mount) : undefined;
    if (!mount) continue;
    report.add({
      rule: "mnt-skip",
      task: file.task,
      subject: `fd ${file.fd}`,
      reason: `it lies on ${mount.point}, which --skip-mnt leaves out`,
      values: [mount.id, file.fd, file.link],
    });
  }
}
