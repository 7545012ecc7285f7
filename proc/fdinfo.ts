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
