/** A /proc, /dev and /sys that hide something. */
import { mounted } from "./surroundings.ts";
import { type Row, surroundings } from "./table.ts";

/** Hides files of /proc, as far as this kernel has them, under an empty one. */
const cover = (...names: string[]) =>
  names.map((one) => `test ! -e /proc/${one} || mount --bind /dev/null /proc/${one}`).join("\n");

const SYSCTLS = "ns_last_pid ipc_next_id";

const ROWS: readonly Row[] = [
  { name: "/proc with hidepid=2", enter: mounted("mount -t proc -o hidepid=2 proc /proc") },
  {
    name: "/proc with subset=pid",
    enter: mounted("mount -t proc -o subset=pid proc /proc"),
    changes: { MOUNT: SYSCTLS },
  },
  { name: "/proc/locks covered", enter: mounted(cover("locks")) },
  {
    name: "/proc/sys read-only",
    enter: mounted("mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys"),
    changes: { MOUNT: SYSCTLS },
  },
  {
    name: "/proc read-only",
    enter: mounted("mount --bind /proc /proc; mount -o remount,ro,bind /proc"),
    changes: { MOUNT: `${SYSCTLS} loginuid mem_dirty_track timens` },
  },
  {
    name: "/proc/sys/kernel covered",
    enter: mounted("mount -t tmpfs none /proc/sys/kernel"),
    changes: { MOUNT: SYSCTLS },
  },
  {
    name: "/proc/kallsyms, config.gz, kcore, modules, misc and cmdline covered",
    enter: mounted(cover("kallsyms", "config.gz", "kcore", "modules", "misc", "cmdline")),
  },
  {
    name: "no /dev/net/tun",
    enter: mounted("mount -t tmpfs none /dev/net"),
    changes: { DEVICE: "tun tun_ns" },
  },
  {
    name: "/dev without devices",
    enter: mounted(
      "mount -t tmpfs -o nodev none /dev; mkdir /dev/net; mknod /dev/net/tun c 10 200; mknod /dev/ptmx c 5 2",
    ),
    changes: { MOUNT: "pty_lock tun tun_ns" },
  },
  {
    name: "another devpts on /dev/pts",
    enter: mounted("mount -t devpts -o newinstance,ptmxmode=666 none /dev/pts"),
  },
  {
    name: "a devpts nobody sees",
    enter: mounted("mount -t tmpfs none /dev/pts"),
    changes: { MOUNT: "pty_lock" },
  },
  {
    name: "no /dev/ptmx",
    enter: mounted(
      "mount -t tmpfs none /dev; mknod -m 666 /dev/null c 1 3; mkdir /dev/pts; mount -t devpts none /dev/pts",
    ),
    changes: { DEVICE: "pty_lock tun tun_ns" },
  },
  { name: "/sys covered", enter: mounted("mount -t tmpfs none /sys") },
];
surroundings(ROWS);
