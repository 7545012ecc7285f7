import { O_APPEND, O_WRONLY } from "../../ffi/uapi.ts";
import { S_IFMT, S_IFREG } from "../../proc/statx.ts";
import { fdLocks } from "../../proc/fdinfo.ts";
import { type FileLock, parseLock, parseLocks } from "../../proc/locks.ts";
import { SysError } from "../../ffi/errno.ts";
import { tryReadText } from "../../ffi/files.ts";
import { mountTableOf } from "../mount_table.ts";
import type { OpenFile } from "../open_file.ts";
import { openFilesOf } from "../open_files.ts";
import { outerFiles } from "../outside.ts";
import { given } from "../plan.ts";
import type { Report } from "../report.ts";
import type { Tree } from "../tree.ts";

/** The inode of the initial pid namespace: only there does /proc/locks show every lock. */
const INITIAL_PID_NAMESPACE = 4026531836;
/** The kinds that criu keeps. */
const KEPT = ["POSIX", "FLOCK", "OFDLCK", "LEASE"];
/** Those that belong to an open file, which processes can share over fork or a socket. */
const SHARED = ["FLOCK", "OFDLCK", "LEASE"];
/** File systems that show inodes or devices other than those under which the kernel keeps locks. */
const DISGUISED = /^(?:overlay|btrfs|fuse|aufs|nfs|9p|ceph|cifs|smb3)/;
const ALL = Symbol("all");

/** A lock or lease of the tree, and the first descriptor that it belongs to. */
interface Held {
  readonly file: OpenFile;
  readonly lock: FileLock;
}

/** File locks and leases that belong to descriptors of the tree. */
export function judgeLocks(tree: Tree, report: Report): void {
  if (tree.around.plan.preDump) return;
  const candidates = mayBeLocked(tree);
  const held: Held[] = [];
  for (const file of candidates) {
    for (const line of fdLocks(file.info ?? "")) {
      const lock = parseLock(line);
      if (lock) held.push({ file, lock });
    }
  }
  if (held.length === 0) return;
  for (const one of held) reportHeld(report, one);
  reportShared(tree, report, held.filter(({ lock }) => SHARED.includes(lock.kind)));
}

/** Descriptors of which a lock may be known; the text of /proc/locks spares a look at each of them. */
function mayBeLocked(tree: Tree): readonly OpenFile[] {
  const { all } = openFilesOf(tree);
  const inodes = lockedInodes(tree);
  if (inodes === ALL) return all;
  if (inodes.size === 0) return [];
  // Locks on what has no name are possible, though nobody makes them. Anonymous files share one inode.
  const anonymous = all.find(({ kind }) => kind === "ANON")?.stat?.ino;
  const links = new Set([...inodes].flatMap((ino) => [`pipe:[${ino}]`, `socket:[${ino}]`]));
  return all.filter((file) => {
    if (file.kind === "ANON") return anonymous !== undefined && inodes.has(anonymous);
    if (file.kind !== "PATH" && file.kind !== "OTHER") return links.has(file.link);
    const { stat } = file;
    if (!stat) return false;
    return inodes.has(stat.ino) || DISGUISED.test(mountTableOf(tree).get(file.mount)?.mount.type ?? "");
  });
}

/** The inodes of all files that anybody has locked, of whatever device. */
function lockedInodes(tree: Tree): ReadonlySet<bigint> | typeof ALL {
  const { sys, caller } = tree.around;
  const text = tryReadText(sys, "/proc/locks");
  if (text === undefined || caller.ns("pid") !== INITIAL_PID_NAMESPACE) return ALL;
  return new Set(parseLocks(text).filter(({ waiting }) => !waiting).map(({ ino }) => ino));
}

const WORDS: Readonly<Record<string, string>> = {
  POSIX: "record lock (fcntl)",
  FLOCK: "lock (flock)",
  OFDLCK: "record lock of an open file (F_OFD_SETLK)",
  LEASE: "lease",
};

function reportHeld(report: Report, { file, lock }: Held): void {
  const seen = { task: file.task, subject: `fd ${file.fd}` };
  if (!KEPT.includes(lock.kind)) {
    return report.add({
      ...seen,
      rule: "lock-unknown-kind",
      reason: `it holds a lock of kind ${lock.kind} on ${file.link}`,
    });
  }
  report.add({
    ...seen,
    rule: "lock-any",
    reason: lock.mode === "BREAKING"
      ? `it holds a lease on ${file.link} that is being broken`
      : `it holds a ${lock.type.toLowerCase()} ${WORDS[lock.kind]} on ${file.link}`,
  });
  if (lock.kind === "LEASE" && waitsForIt(file, lock)) {
    report.add({
      ...seen,
      rule: "lock-lease-breaking",
      reason:
        `criu opens ${file.link} to look for a build-id, and waits for its lease to end (sysctl fs.lease-break-time)`,
    });
  }
  if (lock.mode === "BREAKING") {
    report.add({
      ...seen,
      rule: "lock-lease-breaking",
      stage: "RESTORE",
      effect: "RISK",
      reason: `restore breaks its lease on ${file.link} anew`,
      message: null,
      options: [],
    });
  }
}

/** criu looks for no build-id in a smaller file, and in none that is only appended to. */
const SMALLEST_ELF = 5;
const O_ACCMODE = 3;

/** Whether criu breaks a lease by opening the file for reading. */
function waitsForIt(file: OpenFile, { mode, type }: FileLock): boolean {
  const { stat } = file;
  if (!stat || (stat.mode & S_IFMT) !== S_IFREG || stat.size < SMALLEST_ELF) return false;
  const flags = file.flags ?? 0;
  if ((flags & O_ACCMODE) === O_WRONLY && (flags & O_APPEND) !== 0) return false;
  // Reading is in the way of a write lease only; one that is being broken shows what it shall become.
  return mode === "BREAKING" ? (flags & O_ACCMODE) !== 0 : type === "WRITE";
}

/** Locks of open files that somebody outside of the tree has open, too: they outlive the tree. */
function reportShared(tree: Tree, report: Report, held: readonly Held[]): void {
  if (held.length === 0) return;
  const byLink = new Map<string, Held[]>();
  for (const one of held) {
    const list = byLink.get(one.file.link);
    if (list) list.push(one);
    else byLink.set(one.file.link, [one]);
  }
  const reported = new Set<Held>();
  try {
    for (const outer of outerFiles(tree, [...byLink.keys()])) {
      const locks = fdLocks(outer.info() ?? "").map(parseLock);
      for (const one of byLink.get(outer.link) ?? []) {
        if (reported.has(one) || !locks.some((lock) => lock && isSame(lock, one.lock))) continue;
        reported.add(one);
        report.add({
          rule: "lock-shared-outside",
          task: one.file.task,
          subject: `fd ${one.file.fd}`,
          effect: "RISK",
          reason: `process ${outer.pid}, outside of the tree, has the same lock on ${outer.link}`,
          options: given(tree.around.plan, "file-locks") ? [] : ["--file-locks"],
        });
      }
      if (reported.size === held.length) return;
    }
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}

function isSame(a: FileLock, b: FileLock): boolean {
  return a.kind === b.kind && a.ino === b.ino && a.major === b.major && a.minor === b.minor && a.type === b.type;
}
