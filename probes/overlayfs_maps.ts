import { readText } from "../ffi/files.ts";
import { struct } from "../ffi/struct.ts";
import { AT_EMPTY_PATH, AT_FDCWD, MAP_SHARED, O_CLOEXEC, O_CREAT, O_RDONLY, O_RDWR, PROT_READ } from "../ffi/uapi.ts";
import { parseMaps } from "../proc/maps.ts";
import { mountCall, mountChild, MOUNTING, ROOM } from "./mount_child.ts";
import { defineProbe, inconclusive, lacking, supported } from "./probe.ts";

const STATX_INO = 0x100;
const STATX = struct("statx", 256, { ino: [32, "u64"], dev_major: [136, "u32"], dev_minor: [140, "u32"] });

export default defineProbe({
  id: "overlayfs_maps",
  criuName: "overlayfs_maps",
  title: "devices and inodes of overlayfs in /proc/PID/maps",
  category: "EXTRA",
  subject: "KERNEL",
  since: "6.8",
  impact: "files that are mapped from overlayfs, as in most containers, must be found by map_files one by one",
  kconfig: ["CONFIG_OVERLAY_FS"],
  modules: ["overlay"],
  rights: MOUNTING,
  mend: "boot Linux 6.8 or newer built with CONFIG_OVERLAY_FS=y or =m",
  references: ["man:proc_pid_maps(5)", "linux:fs/proc/task_mmu.c show_map_vma", "criu:check_overlayfs_maps"],
  autoloads: ["overlay"],
  criuFaults: [{
    when: ["BLOCKED", "INCONCLUSIVE"],
    applies: (_answer, evidence) => evidence.at(-1)?.call === "clone(CLONE_NEWNS)",
    says: "SUPPORTED",
    why: "it takes the refusal of a mount namespace for a yes",
    reproduce: "criu --unprivileged check --feature overlayfs_maps without CAP_SYS_ADMIN",
  }],
  absentOn: ["ENODEV"],
  run(kernel) {
    const { sys } = kernel;
    const ramfs = mountCall(kernel, "ramfs", ROOM);
    // Two layers to read from: one to write to would need features of its file system, and the log would tell.
    const overlay = mountCall(kernel, "overlay", `${ROOM}/o`, 0, `lowerdir=${ROOM}/a:${ROOM}/b`);
    const folders = ["a", "b", "o"].map((name) => sys.memory.cstring(`${ROOM}/${name}`));
    const below = sys.memory.cstring(`${ROOM}/a/file`);
    const file = sys.memory.cstring(`${ROOM}/o/file`);
    const empty = sys.memory.cstring("");
    const stat = STATX.pack(sys.memory);
    using child = mountChild(kernel);
    child.sys.ask(ramfs.text, ...ramfs.args);
    for (const folder of folders) child.sys.call("mkdirat", AT_FDCWD, folder, 0o755);
    child.sys.call("openat", AT_FDCWD, below, O_RDWR | O_CREAT | O_CLOEXEC, 0o644);
    child.sys.ask(overlay.text, ...overlay.args);
    const fd = child.sys.call("openat", AT_FDCWD, file, O_RDONLY | O_CLOEXEC, 0);
    const address = child.sys.mmap(sys.page, PROT_READ, MAP_SHARED, fd);
    child.sys.call("statx", fd, empty, AT_EMPTY_PATH, STATX_INO, stat);
    sys.memory.write(stat, child.read(stat, STATX.size));
    const hex = (field: "dev_major" | "dev_minor") => STATX.get(sys.memory, stat, field).toString(16).padStart(2, "0");
    const wanted = `${hex("dev_major")}:${hex("dev_minor")} ${sys.memory.u64(stat + 32)}`;
    const maps = parseMaps(readText(sys, `/proc/${child.pid}/maps`), address.toString(16));
    const mapping = maps.find(({ start }) => start === address);
    if (!mapping) return inconclusive("/proc/CHILD/maps does not show the file that the child mapped");
    const shown = `${mapping.device} ${mapping.inode}`;
    sys.note("read(/proc/CHILD/maps)", `${shown}, statx: ${wanted}`);
    if (shown === wanted) return supported();
    return lacking(kernel.host, `/proc/PID/maps shows ${shown} for a file of overlayfs whose statx(2) is ${wanted}`);
  },
});
