import { SysError } from "../../../ffi/errno.ts";
import { readLink } from "../../../ffi/files.ts";
import { findProgram } from "../../../ffi/programs.ts";
import type { RuleId } from "../../../rules/registry.ts";
import type { OpenFile } from "../../open_file.ts";
import { pluginsOf } from "../../plugins.ts";
import type { Reporter } from "../../report.ts";
import type { Tree } from "../../tree.ts";
import { reportUnsupported } from "./unsupported.ts";

// linux/major.h, linux/miscdevice.h
const TTY_MAJORS = [2, 3, 4];
const MISC_MAJOR = 10;
const DRM_MAJOR = 226;
const NVIDIA_MAJOR = 195;
const FUSE_MINOR = 229;
const KVM_MINOR = 232;

/** A character device that criu has no code for. */
export function judgeUnsupportedDevice(tree: Tree, report: Reporter, file: OpenFile): void {
  const { link } = file;
  const { rdevMajor: major, rdevMinor: minor } = file.stat!;
  const number = `${major}:${minor}`;
  const refuse = (rule: RuleId, reason: string) =>
    reportUnsupported(tree, report, file, rule, "chr", number, `${reason}: ${link}, device ${number}`);
  if (major === NVIDIA_MAJOR || /^\/dev\/nvidia/.test(link)) return judgeNvidia(tree, report, file, refuse);
  if (link === "/dev/kfd" || major === DRM_MAJOR && driverOf(tree, major, minor) === "amdgpu") {
    return judgeAmd(tree, report, file, refuse);
  }
  if (major === DRM_MAJOR) return refuse("dev-drm-other", "it is a graphics device");
  if (major === MISC_MAJOR && minor === FUSE_MINOR) {
    return refuse("dev-fuse-server", "the process serves a file system (FUSE)");
  }
  if (major === MISC_MAJOR && minor === KVM_MINOR) return refuse("fd-kvm", "it makes virtual machines (KVM)");
  if (TTY_MAJORS.includes(major)) {
    return major === 4
      ? refuse("tty-uart", "it is a serial line")
      : refuse("tty-bsd-pty", "it is a pseudo terminal of the old kind");
  }
  refuse("dev-unsupported-chr", "it is a device that criu does not know");
}

type Refuse = (rule: RuleId, reason: string) => void;

function judgeAmd(tree: Tree, report: Reporter, file: OpenFile, refuse: Refuse): void {
  const { folder, names } = pluginsOf(tree);
  if (!names.includes("amdgpu_plugin.so")) {
    return refuse("dev-amdgpu", `it is an AMD GPU, and ${folder} holds no amdgpu_plugin.so`);
  }
  report.unknown(
    "dev-amdgpu",
    file.task,
    `fd ${file.fd}`,
    `it is an AMD GPU, and whether amdgpu_plugin.so can take its state is not seen from outside`,
  );
  needsPlugin(report, file, "amdgpu_plugin.so");
}

function judgeNvidia(tree: Tree, report: Reporter, file: OpenFile, refuse: Refuse): void {
  const { folder, names } = pluginsOf(tree);
  const tool = findProgram(tree.around.sys, "cuda-checkpoint").path;
  if (!names.includes("cuda_plugin.so") || tool === null) {
    const missing = tool === null ? "there is no cuda-checkpoint in PATH" : `${folder} holds no cuda_plugin.so`;
    return refuse("dev-cuda-no-plugin", `it is an NVIDIA GPU, and ${missing}`);
  }
  report.unknown(
    "dev-cuda",
    file.task,
    `fd ${file.fd}`,
    "it is an NVIDIA GPU, and whether cuda-checkpoint can take its state is not seen from outside",
  );
  needsPlugin(report, file, "cuda_plugin.so");
}

function needsPlugin(report: Reporter, { task, fd }: OpenFile, plugin: string): void {
  report.add({
    rule: "dev-restore-plugin",
    task,
    subject: `fd ${fd}`,
    reason: `restore needs ${plugin}, too`,
    message: null,
  });
}

/** The kernel module behind a device, as sysfs names it; null where it does not. */
function driverOf(tree: Tree, major: number, minor: number): string | null {
  try {
    return readLink(tree.around.sys, `/sys/dev/char/${major}:${minor}/device/driver`).split("/").at(-1)!;
  } catch (error) {
    if (error instanceof SysError) return null;
    throw error;
  }
}

/** A pre-dump does not look at descriptors, but at what is mapped, and CUDA's plugin does not take part in it. */
export function judgeCudaPreDump(tree: Tree, report: Reporter): void {
  for (const task of tree.living) {
    if (task.kernelThread) continue;
    const mapping = task.maps?.find(({ path }) => path.startsWith("/dev/nvidia"));
    if (!mapping) continue;
    report.add({
      rule: "dev-cuda-predump",
      task,
      subject: `vma ${mapping.start.toString(16)}-${mapping.end.toString(16)}`,
      reason: `it maps ${mapping.path}, and a pre-dump is made without the plugin for CUDA`,
      values: [task.pid, mapping.start],
    });
  }
}
