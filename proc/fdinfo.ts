/** One epoll target, as /proc/PID/fdinfo/FD of an epoll descriptor has it (proc_pid_fdinfo(5)). */
const EPOLL = /^tfd:\s*(\d+) events:\s*([0-9a-f]+) data:\s*([0-9a-f]+)/gm;
const INOTIFY =
  /^inotify wd:([0-9a-f]+) ino:[0-9a-f]+ sdev:[0-9a-f]+ mask:[0-9a-f]+ ignored_mask:[0-9a-f]+(?: (fhandle-bytes:[0-9a-f]+ fhandle-type:[0-9a-f]+ f_handle:[0-9a-f]+))?/gm;

/** The counter of an eventfd; undefined where the file does not tell it. */
export function eventfdCount(text: string): number | undefined {
  const found = /^eventfd-count:\s*([0-9a-f]+)\s*$/m.exec(text);
  return found ? parseInt(found[1]!, 16) : undefined;
}

/** The signals of a signalfd, bit 0 for signal 1; undefined where the file does not tell them. */
export function signalMask(text: string): bigint | undefined {
  const found = /^sigmask:\s*([0-9a-f]{1,16})\s*$/m.exec(text);
  return found ? BigInt(`0x${found[1]}`) : undefined;
}

/** The descriptors that an epoll descriptor watches. */
export function epollTargets(text: string): number[] {
  return Array.from(text.matchAll(EPOLL), (found) => Number(found[1]));
}

/** The watches of an inotify descriptor; `handle` says whether the file can be opened again by its handle. */
export function inotifyWatches(text: string): { readonly wd: number; readonly handle: boolean }[] {
  return Array.from(
    text.matchAll(INOTIFY),
    (found) => ({ wd: parseInt(found[1]!, 16), handle: found[2] !== undefined }),
  );
}

/** One epoll target with the file that was given to epoll_ctl; `ino` is null before Linux 4.13, which does not tell. */
export interface EpollTarget {
  readonly fd: number;
  /** Inode and device (the kernel's own encoding) of the file. */
  readonly ino: bigint | null;
  readonly device: number | null;
}

const EPOLL_FILE =
  /^tfd:\s*(\d+) events:\s*[0-9a-f]+ data:\s*[0-9a-f]+(?:\s+pos:-?\d+ ino:([0-9a-f]+) sdev:([0-9a-f]+))?/gm;

/** What an epoll descriptor watches, in the kernel's order. */
export function epollFiles(text: string): EpollTarget[] {
  return Array.from(text.matchAll(EPOLL_FILE), ([, fd, ino, device]) => ({
    fd: Number(fd),
    ino: ino === undefined ? null : BigInt(`0x${ino}`),
    device: device === undefined ? null : parseInt(device, 16),
  }));
}

/** A number after a key at the beginning of a line; undefined where there is none. */
function value(text: string, key: string, radix: 8 | 10 | 16): number | undefined {
  let at = text.indexOf(key);
  while (at > 0 && text[at - 1] !== "\n") at = text.indexOf(key, at + 1);
  if (at < 0) return undefined;
  const number = parseInt(text.slice(at + key.length, at + key.length + 40), radix);
  return Number.isNaN(number) ? undefined : number;
}

/** Flags as in open(2); undefined where the file does not tell them. */
export function fdFlags(text: string): number | undefined {
  return value(text, "flags:", 8);
}

/** The mount that the file was opened on, as in mountinfo; undefined before Linux 3.15. */
export function fdMount(text: string): number | undefined {
  return value(text, "mnt_id:", 10);
}

/** The lines of its mount and inode, to be compared with another one's; undefined before Linux 5.14. */
export function fdPlace(text: string): string | undefined {
  return /^mnt_id:\t\d+\nino:\t\d+$/m.exec(text)?.[0];
}

/** Whether an eventfd counts as a semaphore; undefined before Linux 6.5, which does not tell. */
export function eventfdSemaphore(text: string): boolean | undefined {
  const found = value(text, "eventfd-semaphore:", 10);
  return found === undefined ? undefined : found !== 0;
}

/** The clock of a timerfd (CLOCK_*, linux/time.h). */
export function timerfdClock(text: string): number | undefined {
  return value(text, "clockid:", 10);
}

/** How often a timerfd has expired since it was read. */
export function timerfdTicks(text: string): number | undefined {
  return value(text, "ticks:", 10);
}

/** The pid that a pidfd is for, as the reader's pid namespace has it: -1 for one that has ended, 0 for one outside. */
export function pidfdPid(text: string): number | undefined {
  return value(text, "Pid:", 10);
}

/** The type of a BPF map (BPF_MAP_TYPE_*, linux/bpf.h). */
export function bpfMapType(text: string): number | undefined {
  return value(text, "map_type:", 10);
}

/** The number of a pseudo terminal, as its master has it (Linux 4.14). */
export function ttyIndex(text: string): number | undefined {
  return value(text, "tty-index:", 10);
}

/** A file that inotify or fanotify watches. */
export interface WatchedFile {
  readonly ino: bigint;
  /** Device of the file system, in the kernel's own encoding (`kdev`). */
  readonly device: number;
  /** For open_by_handle_at(2); null where the kernel made none. */
  readonly handle: { readonly type: number; readonly bytes: Uint8Array } | null;
}

const WATCH =
  /^(?:inotify wd:[0-9a-f]+|fanotify) ino:([0-9a-f]+) sdev:([0-9a-f]+) (?:mflags:[0-9a-f]+ )?mask:[0-9a-f]+ ignored_mask:[0-9a-f]+(?: fhandle-bytes:([0-9a-f]+) fhandle-type:([0-9a-f]+) f_handle:([0-9a-f]*))?/gm;

/** The files that an inotify or fanotify descriptor watches, in the kernel's order. */
export function watchedFiles(text: string): WatchedFile[] {
  return Array.from(text.matchAll(WATCH), ([, ino, device, size, type, handle]) => ({
    ino: BigInt(`0x${ino}`),
    device: parseInt(device!, 16),
    handle: size === undefined
      ? null
      : { type: parseInt(type!, 16) | 0, bytes: hexBytes(handle!).slice(0, parseInt(size, 16)) },
  }));
}

function hexBytes(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length >> 1 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** The mounts that a fanotify descriptor watches. */
export function watchedMounts(text: string): number[] {
  return Array.from(text.matchAll(/^fanotify mnt_id:([0-9a-f]+)/gm), ([, id]) => parseInt(id!, 16));
}

/** How many whole file systems a fanotify descriptor watches. */
export function watchedFileSystems(text: string): number {
  return Array.from(text.matchAll(/^fanotify sdev:[0-9a-f]+/gm)).length;
}

/** What stands behind `lock:` in a descriptor's file: the locks and leases that belong to it. */
export function fdLocks(text: string): string[] {
  if (!text.includes("\nlock:")) return [];
  return Array.from(text.matchAll(/^lock:\t(.*)$/gm), ([, line]) => line!).filter((line) => line.trim() !== "");
}

/** How many descriptors travel in the queue of a unix socket (`scm_fds`, since Linux 5.11); 0 where it does not tell. */
export function scmFds(text: string): number {
  return Number(/^scm_fds: (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** The network device that a /dev/net/tun is attached to (`iff`); null where it is to none. */
export function tunDevice(text: string): string | null {
  return /^iff:\t(\S+)$/m.exec(text)?.[1] ?? null;
}
