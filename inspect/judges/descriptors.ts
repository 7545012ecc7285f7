import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  type Statx,
} from "../../proc/statx.ts";
import { NS_KINDS, type NsKind } from "../../proc/ns.ts";
import { deviceKind } from "../device_kind.ts";
import { fileKey, isExternal, ttyKey } from "../external.ts";
import { hasFreeHugePage, isHugePageFile, isSharedMemory } from "../kernel_mounts.ts";
import { type MountTable, mountTableOf } from "../mount_table.ts";
import { ERRNO_TEXT, type NameFault, nameFaults } from "../named_file.ts";
import type { OpenFile } from "../open_file.ts";
import { argumentsOf, given } from "../plan.ts";
import { openFilesOf } from "../open_files.ts";
import { foreignProcess } from "../proc_file.ts";
import type { Report, Reporter } from "../report.ts";
import type { Tree } from "../tree.ts";
import { judgeNumbers } from "./fd/numbers.ts";
import { judgeWriters } from "./fd/writers.ts";
import { judgeAnonymous, judgePidfd } from "./fd/anonymous.ts";
import { judgeCudaPreDump, judgeUnsupportedDevice } from "./fd/devices.ts";
import { Pipes } from "./fd/pipes.ts";
import { reportUnsupported } from "./fd/unsupported.ts";
import { judgeWatches } from "./fd/watches.ts";

/** ipc/mqueue.c */
const MQUEUE_MAGIC = 0x19800202;
/** criu looks for no build-id in a smaller file. */
const SMALLEST_ELF = 5;
/** SOL_SOCKET and SO_DOMAIN (asm-generic/socket.h): what criu asks a socket first. */
const SO_DOMAIN = [1, 39];

/** Open descriptors by kind, and the files behind them, in one walk; sockets are left to their own judges. */
export function judgeDescriptors(tree: Tree, report: Report): void {
  const files = openFilesOf(tree);
  if (tree.around.plan.preDump) {
    // A pre-dump looks at nothing but at what is watched, to know it for the dump.
    for (const file of files.all) {
      if (file.link === "anon_inode:inotify") judgeWatches(tree, report, file, "inotify");
      if (file.link === "anon_inode:[fanotify]") judgeWatches(tree, report, file, "fanotify");
    }
    return judgeCudaPreDump(tree, report);
  }
  new Walk(tree, report).all(files.all);
  judgeNumbers(tree, report);
  judgeWriters(tree, report);
}

function isSecret(link: string): boolean {
  return link === "/secretmem (deleted)";
}

/** Judges one descriptor as the walk over all of them does. */
export function judgeDescriptor(tree: Tree, report: Reporter, file: OpenFile): void {
  new Walk(tree, report).one(file);
}

class Walk {
  readonly #tree: Tree;
  readonly #report: Reporter;
  readonly #pipes: Pipes;
  /** Files that were reported: one has the same fault under each of its descriptors. */
  readonly #reported = new Set<string>();

  readonly #mounts: MountTable;
  /** Whether the plan names any files. */
  readonly #externals: boolean;

  constructor(tree: Tree, report: Reporter) {
    this.#mounts = mountTableOf(tree);
    this.#externals = argumentsOf(tree.around.plan, "external").length > 0;
    this.#tree = tree;
    this.#report = report;
    this.#pipes = new Pipes(tree, report);
  }

  all(files: readonly OpenFile[]): void {
    for (const file of files) this.one(file);
    this.#pipes.outer();
  }

  /** Judges one descriptor. */
  one(file: OpenFile): void {
    if (file.link === "") return this.#endless(file);
    switch (file.kind) {
      case "SOCKET":
        return;
      case "ANON":
        return judgeAnonymous(this.#tree, this.#report, file);
      case "PIPE":
        return this.#pipes.pipe(file);
      case "NAMESPACE":
        return this.#namespace(file);
    }
    const { stat } = file;
    if (stat) this.#byType(file, stat);
  }

  #endless({ task, fd }: OpenFile): void {
    this.#report.add({
      rule: "file-name-too-long",
      task,
      subject: `fd ${fd}`,
      reason: "its path is longer than the kernel tells (4095 bytes), and criu stops where it asks for it",
      message: null,
    });
  }

  #byType(file: OpenFile, stat: Statx): void {
    switch (stat.mode & S_IFMT) {
      case S_IFSOCK:
        return this.#socketNode(file);
      case S_IFCHR:
        return this.#device(file, stat);
      case S_IFREG:
      case S_IFDIR:
      case S_IFLNK:
        return this.#regular(file, stat);
      case S_IFIFO:
        this.#named(file, stat);
        return this.#pipes.fifo(file);
      case S_IFBLK:
        return reportUnsupported(
          this.#tree,
          this.#report,
          file,
          "fd-blockdev",
          "unknown",
          file.link,
          `it is the block device ${file.link}`,
        );
      default:
        return this.#odd(file);
    }
  }

  #odd(file: OpenFile): void {
    const { link } = file;
    if (link.startsWith("pidfd:[")) return judgePidfd(this.#tree, this.#report, file);
    const dmabuf = link.startsWith("/dmabuf:");
    reportUnsupported(
      this.#tree,
      this.#report,
      file,
      dmabuf ? "fd-dmabuf" : "fd-anon-other",
      "unknown",
      link,
      dmabuf ? "it is a buffer that devices share (dma-buf)" : `it is ${link}, a kind that criu does not know`,
    );
  }

  #regular(file: OpenFile, stat: Statx): void {
    const { link } = file;
    if (!this.#mounts.get(file.mount)) {
      if (isSharedMemory(this.#tree, stat)) return;
      if (isHugePageFile(link, stat)) return this.#hugePages(file, stat);
    }
    if (link.startsWith("pidfd:[")) return judgePidfd(this.#tree, this.#report, file);
    if (link.startsWith("/")) return this.#named(file, stat);
    reportUnsupported(
      this.#tree,
      this.#report,
      file,
      "fd-reg-odd-link",
      "reg",
      link,
      `its name is ${link}, which is no path`,
    );
  }

  /** A memfd in huge pages: criu knows it by their device, which it sees only where one of them is free. */
  #hugePages(file: OpenFile, stat: Statx): void {
    const { task, fd, link, mount } = file;
    const key = fileKey(mount, stat);
    if (isExternal(this.#tree.around.plan, key)) return this.#external(file, key);
    const seen = { task, subject: `fd ${fd}`, options: [`--external ${key}`], values: [mount ?? -1, fd, link] };
    if (hasFreeHugePage(this.#tree.around.sys, stat.blockSize)) {
      this.#report.add({
        ...seen,
        rule: "fd-memfd",
        effect: "NEEDS_FEATURE",
        features: ["memfd_hugetlb"],
        reason: `it is ${link} in huge pages`,
        message: null,
      });
    } else {
      const size = `${stat.blockSize / 1024} KiB`;
      this.#report.add({
        ...seen,
        rule: "file-mount-unknown",
        reason: `it is ${link} in huge pages, and criu knows it as such only while a page of ${size} is free`,
      });
      this.#external(file, key);
    }
  }

  /** A file that criu stores by its name. */
  #named(file: OpenFile, stat: Statx): void {
    const { task, fd, link } = file;
    const { mount } = file;
    if (this.#externals && isExternal(this.#tree.around.plan, fileKey(mount, stat))) {
      return this.#external(file, fileKey(mount, stat));
    }
    const known = this.#mounts.get(mount);
    if (known?.mount.type === "proc") this.#processFile(file);
    const faults = nameFaults(this.#tree, { fd, link, stat, mount });
    if (faults.length === 0) return;
    const key = fileKey(mount, stat);
    const identity = `${stat.major}:${stat.minor} ${key} ${link}`;
    if (this.#reported.has(identity)) return;
    this.#reported.add(identity);
    for (const fault of faults) {
      this.#report.add({ ...this.#special(file, fault), task, subject: `fd ${fd}` });
      if (fault.rule === "file-mount-unknown" && isSecret(link)) this.#withoutBuildId(file, stat);
      const { options } = fault;
      if (options?.length === 1 && options[0]!.startsWith("--external")) this.#external(file, key);
    }
  }

  /** criu opens what is named as external to look for a build-id, and secret memory cannot be opened. */
  #withoutBuildId({ task, fd }: OpenFile, { size }: Statx): void {
    const option = "file-validation";
    if (size < SMALLEST_ELF || given(this.#tree.around.plan, option, "filesize")) return;
    this.#report.add({
      rule: "fd-secretmem",
      task,
      subject: `fd ${fd}`,
      reason: "nobody can open it, as criu would to look for a build-id",
      message: null,
      options: [`--${option} filesize`],
    });
  }

  /** Restore does not find such a file: it has to be handed in. */
  #external({ task, fd }: OpenFile, key: string): void {
    this.#report.add({
      rule: "file-external",
      task,
      subject: `fd ${fd}`,
      stage: "RESTORE",
      effect: "RISK",
      reason: "who restores has to hand it in",
      message: null,
      options: [`--inherit-fd fd[N]:${key} (restore)`],
    });
  }

  /** Files of mounts that only the kernel has are known by their names. */
  #special(file: OpenFile, fault: NameFault): NameFault {
    const { link } = file;
    if (fault.rule !== "file-mount-unknown") return fault;
    if (isSecret(link)) {
      return { ...fault, rule: "fd-secretmem", effect: "NEEDS_OPTION", reason: "it is secret memory" };
    }
    if (file.fileSystem === MQUEUE_MAGIC) {
      return {
        ...fault,
        rule: "fd-posix-mqueue",
        effect: "NEEDS_OPTION",
        reason: `it is the POSIX message queue ${link}`,
      };
    }
    return fault;
  }

  #processFile(file: OpenFile): void {
    const table = mountTableOf(this.#tree);
    const known = table.get(file.mount);
    const pid = foreignProcess(this.#tree, known ? table.root(known.space) : null, file.link);
    if (pid === null) return;
    this.#report.add({
      rule: "file-proc-live-outer",
      task: file.task,
      subject: `fd ${file.fd}`,
      effect: "RISK",
      reason: `it is ${file.link}, and process ${pid} is not part of the tree`,
      message: null,
    });
  }

  #device(file: OpenFile, stat: Statx): void {
    if (isExternal(this.#tree.around.plan, ttyKey(stat))) return;
    switch (deviceKind(stat.rdevMajor, stat.rdevMinor)) {
      case "NAMED":
        return this.#named(file, stat);
      case "UNSUPPORTED":
        return judgeUnsupportedDevice(this.#tree, this.#report, file);
    }
  }

  #socketNode(file: OpenFile): void {
    this.#report.add({
      rule: "fd-opath-socket",
      task: file.task,
      subject: `fd ${file.fd}`,
      reason: `it is the node of a unix socket, ${file.link}, opened with O_PATH`,
      values: SO_DOMAIN,
      errnoText: ERRNO_TEXT.EBADF!,
    });
  }

  #namespace(file: OpenFile): void {
    const kind = file.link.slice(0, file.link.indexOf(":")) as NsKind;
    const inode = file.linkInode!;
    if (NS_KINDS.includes(kind) && this.#spaces(kind).has(inode)) return;
    this.#report.add({
      rule: "fd-nsfs-foreign",
      task: file.task,
      subject: `fd ${file.fd}`,
      reason: `it is the namespace ${file.link}, in which no task of the tree lives`,
      values: [inode],
    });
  }

  readonly #known = new Map<NsKind, ReadonlySet<number>>();
  #spaces(kind: NsKind): ReadonlySet<number> {
    let known = this.#known.get(kind);
    if (!known) {
      const { caller } = this.#tree.around;
      const inodes = [caller.ns(kind), ...this.#tree.living.map((task) => task.kernelThread ? null : task.ns(kind))];
      known = new Set(inodes.filter((inode) => inode !== null));
      this.#known.set(kind, known);
    }
    return known;
  }
}
