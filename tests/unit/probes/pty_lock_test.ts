import pty_lock from "../../../probes/pty_lock.ts";
import { type FakeMachine, FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const TIOCGPTN = 0x80045430;
const TIOCGPTPEER = 0x5441;
const DRIVERS =
  "/dev/tty             /dev/tty        5       0 system:/dev/tty\n/dev/ptmx            /dev/ptmx       5       2 system\n";

/** A machine whose terminal 7 opens so by its master and by its path. */
function terminal(byMaster: number | string, byPath: string): FakeMachine {
  return {
    files: { "/dev/ptmx": "", ...(byPath === "ENOENT" ? {} : { "/dev/pts/7": byPath === "" ? "" : `!${byPath}` }) },
    calls: {
      ioctl({ args: [, request, at], memory }) {
        if (request === TIOCGPTPEER) return byMaster;
        if (request === TIOCGPTN) memory.setU32(at!, 7);
        return 0;
      },
    },
  };
}
const ptmx = (code: string, more: Record<string, string> = {}): FakeMachine => ({
  files: { "/dev/ptmx": `!${code}`, ...more },
});
const drivers = { "/proc/tty/drivers": DRIVERS };
const noDrivers = { "/proc/tty/drivers": "/dev/tty             /dev/tty        5       0 system:/dev/tty\n" };

/** A /dev/ptmx of that device number, which does not lock. */
const notLocking = (major: number, minor: number): FakeMachine => ({
  files: { "/dev/ptmx": "" },
  calls: {
    ioctl: "ENOTTY",
    statx({ args, memory }) {
      memory.setU32(args[4]! + 128, major);
      memory.setU32(args[4]! + 132, minor);
      return 0;
    },
  },
});

probeCases(pty_lock, [
  ["a locked terminal does not open", terminal("EIO", "EIO"), "SUPPORTED"],
  ["only the path can be asked", terminal("ENOTTY", "EIO"), "SUPPORTED"],
  ["it opens by its master", terminal(2000, "EIO"), "UNSUPPORTED", /TIOCGPTPEER/],
  [
    "a filter made up that it opens",
    { ...terminal(0, "EIO"), files: { ...terminal(0, "EIO").files, "/proc/self/status": FILTERED_STATUS } },
    "INCONCLUSIVE",
    /TIOCGPTPEER/,
  ],
  ["it opens by its path, and only that can be asked", terminal("ENOTTY", ""), "UNSUPPORTED", /opens a locked/],
  ["another terminal opens by its path", terminal("EIO", ""), "BLOCKED", /succeeds/],
  ["its path is not here", terminal("EIO", "ENOENT"), "BLOCKED", /ENOENT/],
  ["its path is not here, and nothing else can be asked", terminal("ENOTTY", "ENOENT"), "BLOCKED", /ENOENT/],
  ["it belongs to no devpts that is mounted", terminal("ENODEV", ""), "BLOCKED", /succeeds/],
  ["its path is refused, and nothing else can be asked", terminal("ENOTTY", "EACCES"), "INCONCLUSIVE", /EACCES/],
  ["no descriptor is left for its path", terminal("EIO", "EMFILE"), "INCONCLUSIVE", /EMFILE/],
  ["the device node is missing", ptmx("ENOENT", drivers), "BLOCKED", /ENOENT/],
  ["the kernel has none", ptmx("ENXIO", noDrivers), "UNSUPPORTED", /ENXIO/],
  ["the node is missing, and the kernel has none", ptmx("ENOENT", noDrivers), "UNSUPPORTED", /drivers/],
  ["the node is missing, and the kernel tells nothing", ptmx("ENOENT"), "INCONCLUSIVE", /ENOENT/],
  ["no devpts is mounted", ptmx("ENODEV", drivers), "BLOCKED", /ENODEV/],
  [
    "all terminals are in use",
    ptmx("ENOSPC", { "/proc/sys/kernel/pty/nr": "64\n", "/proc/sys/kernel/pty/max": "64\n" }),
    "BLOCKED",
    /ENOSPC/,
  ],
  [
    "devices do not open there",
    ptmx("EACCES", { "/proc/self/mountinfo": "20 1 0:20 / /dev rw,nodev - tmpfs dev rw\n" }),
    "BLOCKED",
    /EACCES/,
  ],
  ["it is refused without a cause", ptmx("EPERM", drivers), "INCONCLUSIVE", /EPERM/],
  ["locking fails", notLocking(5, 2), "INCONCLUSIVE", /TIOCSPTLCK/],
  ["another device has its name", notLocking(1, 3), "BLOCKED", /TIOCSPTLCK/],
]);
