import { SysError } from "../ffi/errno.ts";
import type { Fd } from "../ffi/fd.ts";
import { AT_EMPTY_PATH, O_CLOEXEC, O_NOCTTY, O_RDWR } from "../ffi/uapi.ts";
import {
  type Answer,
  blocked,
  defineProbe,
  inconclusive,
  type Kernel,
  lacking,
  type Remedy,
  supported,
  unsupported,
} from "./probe.ts";

// asm-generic/ioctls.h
const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const TIOCGPTPEER = 0x5441;
const ENOENT = 2;
const EIO = 5;
const ENODEV = 19;

export default defineProbe({
  id: "pty_lock",
  criuName: null,
  title: "locked pseudo-terminals",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "2.6.12",
  impact: "no terminal can be restored, so no shell job can",
  kconfig: ["CONFIG_UNIX98_PTYS", "CONFIG_TTY"],
  modules: [],
  rights: [],
  mend: "boot a kernel built with CONFIG_UNIX98_PTYS=y",
  references: ["man:pts(4)", "man:ioctl_tty(2)", "linux:drivers/tty/pty.c", "criu:check_tty"],
  autoloads: [],
  criuFaults: [],
  absentOn: [],
  run(kernel) {
    const { sys } = kernel;
    let master: Fd;
    try {
      master = sys.open("/dev/ptmx", O_RDWR | O_NOCTTY);
    } catch (error) {
      return withoutMaster(error, kernel);
    }
    using _master = master;
    const number = sys.memory.store([1, 0, 0, 0]);
    const lock = "ioctl(/dev/ptmx, TIOCSPTLCK, 1)";
    const locked = sys.look(lock, master.number, TIOCSPTLCK, number);
    if (locked < 0) {
      const error = new SysError(lock, -locked);
      if (isMaster(kernel, master) === false) return blocked(error.message, device("ENOENT"));
      throw error;
    }
    sys.call("ioctl", master.number, TIOCGPTN, number);
    const slave = `/dev/pts/${sys.memory.u32(number)}`;
    // By the master itself (Linux 4.13 and newer) it is this terminal; by the path it may be one of another devpts.
    const flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
    const peer = sys.look("ioctl(/dev/ptmx, TIOCGPTPEER)", master.number, TIOCGPTPEER, flags);
    if (peer >= 0) {
      sys.try("close", peer);
      return lacking(kernel.host, "ioctl(/dev/ptmx, TIOCGPTPEER) opens a locked terminal");
    }
    const byPath = openSlave(kernel, slave);
    if (byPath === EIO) return supported();
    const call = "open(/dev/pts/N)", what = byPath === 0 ? `${call} succeeds` : new SysError(call, byPath).message;
    // Its number was taken from its own devpts: where the path has none, or another, that is not the one on /dev/pts.
    if (peer === -EIO || peer === -ENODEV || byPath === ENOENT) {
      return blocked(`${what}, though the terminal is there and locked`, ELSEWHERE);
    }
    return byPath === 0 ? lacking(kernel.host, `${call} opens a locked terminal`) : inconclusive(what);
  },
});

const ELSEWHERE: Remedy = {
  cause: "MOUNT",
  why: "/dev/pts is not the devpts that /dev/ptmx belongs to, or cannot be entered; the kernel itself locks terminals",
  text: "mount devpts on /dev/pts and make /dev/ptmx a link to pts/ptmx, as container engines do",
  command: null,
};

/** Whether a file is the device of number 5:2, whatever its name is; undefined where it cannot be told. */
function isMaster({ sys }: Kernel, file: Fd): boolean | undefined {
  const at = sys.memory.alloc(256); // struct statx, stx_rdev_major at 128
  const result = sys.try("statx", file.number, sys.memory.cstring(""), AT_EMPTY_PATH, 0, at);
  return result < 0 ? undefined : sys.memory.u32(at + 128) === 5 && sys.memory.u32(at + 132) === 2;
}

/** Opens a terminal by its path, as CRIU does; the errno, or 0. */
function openSlave({ sys }: Kernel, path: string): number {
  try {
    using _slave = sys.open(path, O_RDWR | O_NOCTTY);
    sys.note("open(/dev/pts/N)", "succeeds");
    return 0;
  } catch (error) {
    if (!(error instanceof SysError) || error.code === "EMFILE") throw error;
    sys.note("open(/dev/pts/N)", error.code, error.code);
    return error.errno;
  }
}

/** Why /dev/ptmx cannot be opened: does the kernel have it? */
function withoutMaster(error: unknown, { host }: Kernel): Answer {
  if (!(error instanceof SysError)) throw error;
  const drivers = host.read("/proc/tty/drivers");
  const has = drivers && /^\/dev\/ptmx\s/m.test(drivers);
  if (["ENOENT", "ENXIO", "ENODEV"].includes(error.code)) {
    if (drivers && !has) return unsupported(`${error.message}, and /proc/tty/drivers does not have it either`);
    if (has) return blocked(error.message, device(error.code));
  }
  const used = host.sysctl("kernel/pty/nr"), most = host.sysctl("kernel/pty/max");
  if (error.code === "ENOSPC" && used && most) {
    const why = `${used} pseudo-terminals are open, and sysctl kernel.pty.max is ${most}`;
    return blocked(error.message, {
      cause: "LIMIT",
      why,
      text: "raise the limit",
      command: `sysctl -w kernel.pty.max=${Number(most) + 1024}`,
    });
  }
  if (error.code === "EACCES" && host.mountOptions("/dev/ptmx")?.includes("nodev")) {
    const why = "/dev is mounted with nodev";
    return blocked(error.message, {
      cause: "MOUNT",
      why,
      text: "mount it with dev",
      command: "mount -o remount,dev /dev",
    });
  }
  throw error;
}

function device(code: string): Remedy {
  return code === "ENODEV"
    ? {
      cause: "MOUNT",
      why: "no devpts is mounted beside /dev/ptmx; the kernel itself has pseudo-terminals",
      text: "mount devpts",
      command: "mount -t devpts devpts /dev/pts",
    }
    : {
      cause: "DEVICE",
      why: "/dev/ptmx is not the device of that name (5:2); the kernel itself has pseudo-terminals",
      text: "make the node",
      command: "mknod -m 666 /dev/ptmx c 5 2",
    };
}
