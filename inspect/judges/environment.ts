import { entries, readBytes, tryReadText } from "../../ffi/files.ts";
import { given } from "../plan.ts";
import { pluginsOf } from "../plugins.ts";
import type { Report } from "../report.ts";
import type { Tree } from "../tree.ts";
import { SysError } from "../../ffi/errno.ts";

/** What criu needs of its caller and of the kernel before it looks at any task. */
export function judgeEnvironment(tree: Tree, report: Report): void {
  judgeCapabilities(tree, report);
  judgePlan(tree, report);
  judgeMapFiles(tree, report);
  judgePlugins(tree, report);
}

function judgeCapabilities(tree: Tree, report: Report): void {
  const { caller, plan } = tree.around;
  const { root } = tree;
  if (!caller.has("CAP_SYS_ADMIN") && !caller.has("CAP_CHECKPOINT_RESTORE")) {
    report.add({
      rule: "env-caps",
      task: root,
      subject: "caller",
      reason: `uid ${caller.euid} has neither CAP_SYS_ADMIN nor CAP_CHECKPOINT_RESTORE`,
    });
  } else if (caller.euid !== 0 && !given(plan, "unprivileged")) {
    report.add({
      rule: "env-unprivileged",
      task: root,
      subject: "caller",
      reason: `criu would run as uid ${caller.euid}`,
      options: ["--unprivileged"],
    });
  }
}

function judgePlan(tree: Tree, report: Report): void {
  const { plan } = tree.around;
  const { root } = tree;
  if (plan.preDump && (plan.lazyPages || given(plan, "lazy-pages"))) {
    report.add({
      rule: "env-lazy-with-predump",
      task: root,
      subject: "plan",
      reason: "a pre-dump cannot leave pages to be fetched later",
    });
  }
  if (plan.preDump || given(plan, "track-mem")) {
    report.add({
      rule: "env-dirty-track",
      task: root,
      subject: "plan",
      reason: plan.preDump
        ? "a pre-dump follows which pages are written"
        : "--track-mem follows which pages are written",
      effect: "NEEDS_FEATURE",
      options: [],
    });
  }
  if (plan.lazyPages || given(plan, "lazy-pages")) {
    report.add({
      rule: "env-uffd-lazy",
      task: root,
      subject: "plan",
      reason: "restore fetches pages by userfaultfd when they are touched",
      effect: "NEEDS_FEATURE",
      options: [],
    });
  }
}

/** Files behind mappings are opened through map_files: root without both capabilities only guesses by path. */
function judgeMapFiles(tree: Tree, report: Report): void {
  const { sys } = tree.around;
  try {
    entries(sys, "/proc/self/map_files");
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    if (error.code !== "ENOENT" && error.code !== "EPERM" && error.code !== "EACCES") return;
    if (tryReadText(sys, "/proc/self/stat", 16) === undefined) return;
    report.add({
      rule: "env-map-files",
      task: tree.root,
      subject: "kernel",
      reason: `/proc/self/map_files, through which criu opens what is mapped, answers ${error.code}`,
    });
  }
}

/** criu loads every library of its folder for plugins, and gives up where one cannot be loaded. */
function judgePlugins(tree: Tree, report: Report): void {
  const { folder, names } = pluginsOf(tree);
  for (const name of names) {
    const path = `${folder}/${name}`;
    try {
      const bytes = readBytes(tree.around.sys, path, ELF_HEADER);
      if (bytes.length === ELF_HEADER && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[4] === ELFCLASS64) continue;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
    }
    report.add({
      rule: "env-plugin-unloadable",
      task: tree.root,
      subject: "plugin",
      reason: `${path} is no library that could be loaded`,
      message: null,
      options: ["--libdir /var/empty"],
    });
  }
}

/** Bytes of a 64-bit ELF header, and its class (elf(5)). */
const ELF_HEADER = 64;
const ELFCLASS64 = 2;
