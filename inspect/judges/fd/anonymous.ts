import {
  bpfMapType,
  eventfdSemaphore,
  pidfdPid,
  timerfdClock,
  timerfdTicks,
  watchedFileSystems,
} from "../../../proc/fdinfo.ts";
import { isOlder } from "../../../host/release.ts";
import { neededLibraries } from "../../../host/elf.ts";
import { SysError } from "../../../ffi/errno.ts";
import type { Sys } from "../../../ffi/sys.ts";
import { readBytes } from "../../../ffi/files.ts";
import type { RuleId } from "../../../rules/registry.ts";
import type { OpenFile } from "../../open_file.ts";
import type { Reporter } from "../../report.ts";
import type { Tree } from "../../tree.ts";
import { judgeEpoll } from "./epoll.ts";
import { judgeWatches } from "./watches.ts";
import { reportUnsupported } from "./unsupported.ts";
import { fdFlags } from "../../../proc/fdinfo.ts";

/** Room for the link of an anonymous inode, with the byte that ends it. */
const LINK_ROOM = 32;
// deno-lint-ignore no-control-regex
const ASCII = /^[\x00-\x7f]*$/;
/** PIDFD_THREAD (linux/pidfd.h) */
const O_EXCL = 0o200;
/** Clocks of which criu keeps timerfds (linux/time.h). */
const CLOCKS = [0, 1, 7];
const CLOCK_NAMES: Readonly<Record<number, string>> = { 8: "CLOCK_REALTIME_ALARM", 9: "CLOCK_BOOTTIME_ALARM" };
/** BPF_MAP_TYPE_HASH and BPF_MAP_TYPE_ARRAY (linux/bpf.h) */
const MAPS = [1, 2];

/** Kinds that criu has no code for, by the rule that names them. */
const REFUSED: readonly (readonly [RegExp, RuleId, string])[] = [
  [/^\[perf_event\]$/, "fd-perf", "it is a performance counter"],
  [/^\[userfaultfd\]$/, "fd-userfaultfd", "it is a userfaultfd"],
  [/^seccomp notify$/, "fd-seccomp-notify", "it is the listener of a seccomp filter"],
  [/^\[?kvm-/, "fd-kvm", "it is part of a virtual machine (KVM)"],
  [/^bpf-prog$|^bpf_link$|^bpf-link$|^bpf_iter$|^\[bpf-token\]$|^btf$/, "fd-bpf-prog", "it is a BPF object"],
];

function isLong(link: string): boolean {
  const size = ASCII.test(link) ? link.length : new TextEncoder().encode(link).length;
  return size >= LINK_ROOM;
}

/** Files without a name that the kernel makes for one purpose: `anon_inode:…`. */
export function judgeAnonymous(tree: Tree, report: Reporter, file: OpenFile): void {
  const { task, fd, link } = file;
  const kind = link.slice("anon_inode:".length);
  if (isLong(link)) {
    return report.add({
      task,
      subject: `fd ${fd}`,
      rule: "fd-anon-long-name",
      reason: `it is ${link}, a name longer than criu reads`,
      values: [fd],
    });
  }
  switch (kind) {
    case "[eventpoll]":
      return judgeEpoll(tree, report, file);
    case "[eventfd]":
      if (eventfdSemaphore(file.info ?? "")) {
        report.add({
          task,
          subject: `fd ${fd}`,
          rule: "fd-eventfd",
          reason: "it is a semaphore (EFD_SEMAPHORE), and comes back as a counter that one read empties",
        });
      }
      return;
    case "[signalfd]":
      return;
    case "[timerfd]":
      return judgeTimerfd(report, file);
    case "[pidfd]":
      return judgePidfd(tree, report, file);
    case "inotify":
      return judgeWatches(tree, report, file, "inotify");
    case "[fanotify]":
      if (watchedFileSystems(file.info ?? "") > 0) {
        report.add({
          task,
          subject: `fd ${fd}`,
          rule: "fd-fanotify-sb-mark",
          reason: "it watches whole file systems",
        });
      }
      return judgeWatches(tree, report, file, "fanotify");
    case "bpf-map":
      return judgeBpfMap(tree, report, file);
  }
  if (kind === "[io_uring]") return judgeIoUring(tree, report, file);
  const [, rule, reason] = REFUSED.find(([pattern]) => pattern.test(kind)) ??
    [null, "fd-anon-other", `it is ${link}, a kind that criu does not know`] as const;
  reportUnsupported(tree, report, file, rule, "anon", link, reason);
}

function judgeIoUring(tree: Tree, report: Reporter, file: OpenFile): void {
  const { task, fd, link } = file;
  // Older kernels may have the change as a correction.
  const older = isOlder(tree.around.host.release, "6.7");
  report.add({
    rule: "fd-io-uring",
    task,
    subject: `fd ${fd}`,
    reason: "it is an io_uring",
    values: older === false ? [] : [fd, file.stat?.mode ?? 0, "anon", link],
    message: older === false ? "Can't retrieve FDs" : null,
  });
}

function judgeTimerfd(report: Reporter, file: OpenFile): void {
  const { task, fd, info } = file;
  if (info === null) return;
  const seen = { task, subject: `fd ${fd}` };
  const clock = timerfdClock(info);
  if (clock !== undefined && !CLOCKS.includes(clock)) {
    return report.add({
      ...seen,
      rule: "fd-timerfd-alarm",
      reason: `it is a timer of ${CLOCK_NAMES[clock] ?? `clock ${clock}`}`,
      // criu has given it no id yet.
      values: [clock, 0],
    });
  }
  if ((timerfdTicks(info) ?? 0) > 0) {
    report.add({ ...seen, rule: "fd-timerfd", stage: "RESTORE", reason: "it has expired and was not read since" });
  }
}

/** A descriptor for a process; also used for what a kernel with pidfs shows under another name. */
export function judgePidfd(tree: Tree, report: Reporter, file: OpenFile): void {
  const { task, fd, info } = file;
  if (info === null) return;
  const seen = { task, subject: `fd ${fd}` };
  report.add({
    ...seen,
    rule: "fd-pidfd-old",
    reason: "it is a pidfd",
    values: [fd, file.stat?.mode ?? 0, "anon", file.link],
  });
  if (((fdFlags(info) ?? 0) & O_EXCL) !== 0) {
    return report.add({ ...seen, rule: "fd-pidfd-thread", reason: "it is a pidfd of a thread" });
  }
  const pid = pidfdPid(info) ?? -1;
  if (pid === -1 || tree.task(pid)) return;
  report.add({
    ...seen,
    rule: "fd-pidfd-foreign",
    reason: pid === 0 ? "it is a pidfd of a process that is not seen from here" : `it is a pidfd of process ${pid}`,
    values: [pid],
  });
}

function judgeBpfMap(tree: Tree, report: Reporter, file: OpenFile): void {
  const { task, fd, info, link } = file;
  const seen = { task, subject: `fd ${fd}` };
  const built = hasLibbpf(tree);
  if (built === false) {
    return reportUnsupported(
      tree,
      report,
      file,
      "fd-bpf-map-unbuilt",
      "anon",
      link,
      `it is a BPF map, and ${tree.around.criu.path} was built without libbpf`,
    );
  }
  const type = bpfMapType(info ?? "");
  if (type !== undefined && !MAPS.includes(type)) {
    return report.add({
      ...seen,
      rule: "fd-bpf-map-type",
      reason: `it is a BPF map of type ${type}, neither a hash nor an array`,
      values: [type],
      ...(built === null ? { message: null } : {}),
    });
  }
  if (built === null) {
    report.unknown("fd-bpf-map", task, seen.subject, "it is a BPF map, which only a criu built with libbpf takes");
  }
}

/** A wrapper in a script names the program itself. */
function librariesOf(sys: Sys, path: string): string[] | undefined {
  const bytes = readBytes(sys, path);
  if (bytes[0] !== 0x23 /* # */) return neededLibraries(bytes);
  const script = new TextDecoder().decode(bytes.subarray(0, 64 * 1024));
  for (const [, program] of script.matchAll(/(\/[^\s'"]*\/\.?criu[^\s'"/]*)(?=[\s'"])/g)) {
    const needed = program === path ? undefined : neededLibraries(readBytes(sys, program!));
    if (needed) return needed;
  }
  return undefined;
}

const LIBBPF = new WeakMap<Tree, boolean | null>();

/** Whether the installed criu was built with libbpf; null where it cannot be told. */
function hasLibbpf(tree: Tree): boolean | null {
  let has = LIBBPF.get(tree);
  if (has === undefined) {
    const { sys, criu } = tree.around;
    has = null;
    try {
      const needed = criu.path === null ? undefined : librariesOf(sys, criu.path);
      if (needed) has = needed.some((name) => name.startsWith("libbpf.so"));
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
    }
    LIBBPF.set(tree, has);
  }
  return has;
}
