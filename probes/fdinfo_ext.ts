import { SysError } from "../ffi/errno.ts";
import { toCollector } from "../ffi/collector.ts";
import type { Fd } from "../ffi/fd.ts";
import { readText } from "../ffi/files.ts";
import { O_CLOEXEC, SIGUSR1 } from "../ffi/uapi.ts";
import { epollTargets, eventfdCount, inotifyWatches, signalMask } from "../proc/fdinfo.ts";
import { type Answer, blocked, defineProbe, type Kernel, lacking, type Remedy, supported } from "./probe.ts";

const COUNT = 13;
const EPOLL_CTL_ADD = 1;
const EPOLLIN_EPOLLOUT = 5;
const IN_ALL_EVENTS = 0xfff;
/** CRIU's own folder first; not every file system gives handles, so others are looked at too. */
const FOLDERS = [".", "/", "/dev/shm", "/tmp"];
const NO_HANDLE = "no file handle";
/** What is used up when a call answers so. */
const LIMITS: Readonly<Record<string, string>> = {
  "inotify_init1 EMFILE": "instances",
  "inotify_add_watch ENOSPC": "watches",
};

export default defineProbe({
  id: "fdinfo_ext",
  criuName: null,
  title: "contents of eventfd, epoll, signalfd and inotify descriptors in /proc/PID/fdinfo",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.8",
  impact: "no process with an eventfd, epoll, signalfd or inotify descriptor can be dumped",
  kconfig: ["CONFIG_EVENTFD", "CONFIG_EPOLL", "CONFIG_SIGNALFD", "CONFIG_INOTIFY_USER", "CONFIG_FHANDLE"],
  modules: [],
  rights: [],
  mend: "boot Linux 3.8 or newer built with the options for eventfd, epoll, signalfd, inotify and file handles",
  references: ["man:proc_pid_fdinfo(5)", "linux:fs/notify/fdinfo.c", "criu:check_fdinfo_ext"],
  autoloads: [],
  criuFaults: [{
    when: ["SUPPORTED"],
    applies: (_answer, evidence) => evidence.some(({ answer }) => answer.endsWith(NO_HANDLE)),
    says: "UNSUPPORTED",
    why: "it asks for the current folder only, whose file system gives no file handles; others here do",
    reproduce: "criu check in a folder of a file system without file handles",
  }],
  absentOn: ["ENOSYS"],
  run(kernel) {
    const missing = [eventfd(kernel), epoll(kernel), signalfd(kernel)].filter((one) => one !== undefined);
    if (missing.length > 0) return lacking(kernel.host, missing.join(", "));
    try {
      return inotify(kernel);
    } catch (error) {
      return inotifyLimit(error, kernel);
    }
  },
});

/** The text that the kernel shows of a descriptor. */
function shown({ sys }: Kernel, fd: Fd): string {
  return readText(sys, `/proc/self/fdinfo/${fd.number}`, 4096);
}

function eventfd(kernel: Kernel): string | undefined {
  using fd = kernel.sys.fd("eventfd2(13)", COUNT, O_CLOEXEC);
  const count = eventfdCount(shown(kernel, fd));
  kernel.sys.note("read(/proc/self/fdinfo/EVENTFD)", `eventfd-count ${count}`);
  return count === COUNT ? undefined : `the fdinfo of an eventfd has no eventfd-count of ${COUNT}`;
}

function epoll(kernel: Kernel): string | undefined {
  const { sys } = kernel;
  const [reader, writer] = sys.pipe();
  using _reader = reader;
  using _writer = writer;
  using fd = sys.fd("epoll_create1(0)", O_CLOEXEC);
  const event = sys.memory.alloc(sys.arch.epollEvent.size);
  sys.memory.setU32(event, EPOLLIN_EPOLLOUT);
  sys.call("epoll_ctl", fd.number, EPOLL_CTL_ADD, reader.number, event);
  const targets = epollTargets(shown(kernel, fd));
  sys.note("read(/proc/self/fdinfo/EPOLL)", `${targets.length} tfd`);
  const good = targets.length === 1 && targets[0] === reader.number;
  return good ? undefined : "the fdinfo of an epoll descriptor has no tfd of what it watches";
}

function signalfd(kernel: Kernel): string | undefined {
  const { sys } = kernel;
  const wanted = 1n << BigInt(SIGUSR1 - 1);
  const mask = sys.memory.alloc(8);
  sys.memory.setU64(mask, wanted);
  using fd = sys.fd("signalfd4(-1, SIGUSR1)", -1, mask, 8, O_CLOEXEC);
  const told = signalMask(shown(kernel, fd));
  sys.note("read(/proc/self/fdinfo/SIGNALFD)", `sigmask ${told?.toString(16)}`);
  return told === wanted ? undefined : "the fdinfo of a signalfd has no sigmask of its signals";
}

function inotify(kernel: Kernel): Answer {
  const { sys } = kernel;
  const fd = sys.fd("inotify_init1(0)", O_CLOEXEC);
  try {
    return watches(kernel, fd);
  } finally {
    // The last close waits until nobody looks at the watches any more (SRCU), 5 to 20 ms: the collector waits in our
    // place, or where it cannot the end of the next child, which has what is left to be closed too.
    sys.closing.push(toCollector(sys, fd));
  }
}

function watches(kernel: Kernel, fd: Fd): Answer {
  const { sys } = kernel;
  let refused: SysError | undefined;
  for (const folder of FOLDERS) {
    const call = `inotify_add_watch(${folder})`;
    const wd = sys.look(call, fd.number, sys.memory.cstring(folder), IN_ALL_EVENTS);
    if (wd < 0) {
      refused ??= new SysError(call, -wd);
      continue;
    }
    const found = inotifyWatches(shown(kernel, fd)).find((one) => one.wd === wd);
    sys.note(
      "read(/proc/self/fdinfo/INOTIFY)",
      found ? `wd ${wd}, ${found.handle ? "a file handle" : NO_HANDLE}` : "no wd",
    );
    if (!found) return lacking(kernel.host, "the fdinfo of an inotify descriptor has no wd of its watch");
    if (found.handle) return supported();
  }
  if (refused) throw refused;
  return lacking(kernel.host, `the fdinfo of an inotify descriptor has no file handle for ${FOLDERS.join(", ")}`);
}

/** inotify's own limits, which the errnos of its calls stand for once other descriptors were to be had. */
function inotifyLimit(error: unknown, { host }: Kernel): Answer {
  const what = error instanceof SysError ? LIMITS[`${error.call.split("(")[0]} ${error.code}`] : undefined;
  if (!what) throw error;
  // Both count, the second for each user namespace; the lower one was reached.
  const [first, second] = [`fs/inotify/max_user_${what}`, `user/max_inotify_${what}`] as const;
  const lower = Number(host.sysctl(second) ?? Infinity) < Number(host.sysctl(first) ?? 0) ? second : first;
  const name = lower.replaceAll("/", ".");
  const remedy: Remedy = {
    cause: "LIMIT",
    why: `this user has as many inotify ${what} as sysctl ${name} allows (${host.sysctl(lower) ?? "unreadable"})`,
    text: "raise the limit",
    command: `sysctl -w ${name}=${what === "watches" ? 1048576 : 8192}`,
  };
  return blocked((error as SysError).message, remedy);
}
