import { SysError } from "../../ffi/errno.ts";
import type { ProcDir } from "../../proc/dir.ts";
import type { Mapping } from "../../proc/maps.ts";
import { parseVmFlags } from "../../proc/smaps.ts";
import { S_IFCHR, S_IFMT, S_IFREG, type Statx } from "../../proc/statx.ts";
import { FD_DESC_INVALID, reportName } from "../file_name.ts";
import { compareVersions } from "../criu_version.ts";
import { ruleNamed } from "../../rules/registry.ts";
import { guardRegions, hasGuards } from "../guard_regions.ts";
import { hugetlbDevices } from "../hugetlb.ts";
import { mountTableOf } from "../mount_table.ts";
import { openFilesOf } from "../open_files.ts";
import { given } from "../plan.ts";
import { pluginsOf } from "../plugins.ts";
import type { Report } from "../report.ts";
import { shmemDevice } from "../shmem.ts";
import type { Task } from "../task.ts";
import type { Tree } from "../tree.ts";

/** smaps of a process that has no more memory than this is read in less than a millisecond or two. */
const SMAPS_BYTES = 32 * 1024 * 1024;
const SMAPS_MAPPINGS = 1000;
/** Flags of mappings that userfaultfd watches: missing pages, write protection, minor faults. */
const WATCHED = ["um", "uw", "ui"];
/** File systems whose files may give memory of devices. */
const PSEUDO = ["sysfs", "proc", "debugfs", "resctrl"];
const AIO = "/[aio] (deleted)";
/** MAP_SHARED, MAP_PRIVATE as criu prints them. */
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;

/** Mappings: criu copies what is in memory, and opens the files behind it. */
export function judgeMemory(tree: Tree, report: Report): void {
  const shmem = shmemDevice(tree.around.sys);
  for (const task of tree.living) {
    if (task.kernelThread) continue;
    const { maps } = task;
    if (maps === null) continue;
    new TaskMemory(tree, task, maps, shmem, report).judge();
  }
  if (guardRegions(tree.around.sys)) {
    judgeGuards(tree, report);
    report.add({
      rule: "mem-guard-pages",
      task: tree.root,
      subject: "memory",
      reason: "this kernel has guard regions, of which criu must be able to learn from PAGEMAP_SCAN",
      without: "UNKNOWN",
      message: null,
    });
  }
}

/** A criu that does not know guard regions runs into them when it copies pages. */
function judgeGuards(tree: Tree, report: Report): void {
  const { until } = ruleNamed("mem-guard-pages-old");
  if (until === undefined || compareVersions(tree.around.criu.version, until) >= 0) return;
  for (const task of tree.living) {
    const found = task.kernelThread ? null : task.fact("pagemap guards", (dir) => hasGuards(tree.around.sys, dir));
    if (found !== true) continue;
    report.add({
      rule: "mem-guard-pages-old",
      task,
      subject: "memory",
      reason: "it has guard regions (madvise MADV_GUARD_INSTALL)",
      message: null,
    });
  }
}

/** The mappings of one task. */
class TaskMemory {
  readonly #tree: Tree;
  readonly #task: Task;
  readonly #maps: readonly Mapping[];
  readonly #shmem: string | null;
  readonly #report: Report;
  #uprobes = false;

  constructor(tree: Tree, task: Task, maps: readonly Mapping[], shmem: string | null, report: Report) {
    this.#tree = tree;
    this.#task = task;
    this.#maps = maps;
    this.#shmem = shmem;
    this.#report = report;
  }

  judge(): void {
    let before: Mapping | undefined;
    for (const mapping of this.#maps) {
      const same = before !== undefined && before.inode !== "0" && before.inode === mapping.inode &&
        before.device === mapping.device;
      // criu looks at a file once where mappings of it follow each other.
      if (!same) this.#one(mapping);
      before = mapping;
    }
    this.#vvar();
    this.#flags();
    this.#pagemap();
  }

  #add(rule: Parameters<Report["add"]>[0]["rule"], mapping: Mapping, reason: string, more: object = {}): void {
    this.#report.add({ rule, task: this.#task, subject: subjectOf(mapping), reason, ...more });
  }

  #one(mapping: Mapping): void {
    const { path } = mapping;
    if (path === "") return;
    if (path.startsWith("[")) return this.#special(mapping);
    if (path.startsWith("socket:[")) return this.#socket(mapping);
    if (path.startsWith("anon_inode:")) return this.#anonymous(mapping);
    if (path.startsWith(AIO)) {
      this.#add("mem-aio", mapping, "it is a ring for asynchronous I/O, which restore moves", {
        effect: "NEEDS_FEATURE",
        values: [0],
        message: null,
      });
      return;
    }
    if (path.startsWith("/secretmem")) {
      this.#add("mem-secretmem", mapping, "it is secret memory (memfd_secret), which nobody else can read", {
        values: [this.#mode(mapping), path],
      });
      return;
    }
    if (path.startsWith("/SYSV")) return this.#sysv(mapping);
    // Anonymous memory that is shared, and memfds: what is in them goes into the images.
    if (mapping.device === this.#shmem) return;
    if (path.startsWith("/anon_hugepage") || path.startsWith("/memfd:")) this.#hugePages(mapping);
    if (path.startsWith("/anon_hugepage")) return;
    if (path.startsWith("/memfd:")) {
      this.#add("mem-hugetlb-memfd", mapping, "it is a memfd of huge pages", {
        values: [-1, FD_DESC_INVALID, path],
      });
      return;
    }
    this.#file(mapping);
  }

  /** criu knows the device of huge pages only if it can map one itself. */
  #hugePages(mapping: Mapping): void {
    if (hugetlbDevicesOf(this.#tree).has(mapping.device)) return;
    const mount = this.#stat(mapping)?.mount ?? -1;
    this.#add(
      "mem-hugetlb-none-free",
      mapping,
      "it is of huge pages, and none is free for criu to learn their device by",
      {
        values: [mount, FD_DESC_INVALID, mapping.path],
      },
    );
  }

  #special(mapping: Mapping): void {
    if (mapping.path !== "[uprobes]" || this.#uprobes) return;
    this.#uprobes = true;
    this.#add("mem-uprobes-old", mapping, "somebody traces a program or library of it with uprobes", {
      values: [mapping.start, mapping.end],
    });
    if (given(this.#tree.around.plan, "allow-uprobes")) return;
    this.#add("mem-uprobes", mapping, "somebody traces a program or library of it with uprobes", {
      values: [this.#task.pid],
    });
  }

  #socket(mapping: Mapping): void {
    const inode = Number(/^socket:\[(\d+)\]/.exec(mapping.path)?.[1] ?? 0);
    const packets = this.#task.fact("net/packet", (dir) => packetInodes(dir.text("net/packet")));
    if (packets === null) return;
    if (!packets.has(String(inode))) {
      this.#add("mem-packet-ring-unknown", mapping, `it is memory of socket ${inode}, which is no packet socket`, {
        values: [inode],
      });
    } else if (!openFilesOf(this.#tree).sockets.some(({ linkInode }) => linkInode === BigInt(inode))) {
      this.#add(
        "mem-packet-ring-closed",
        mapping,
        `it is the ring of packet socket ${inode}, which nobody in the tree has open`,
        { values: [inode] },
      );
    }
  }

  #anonymous(mapping: Mapping): void {
    const uring = mapping.path.startsWith("anon_inode:[io_uring]");
    this.#add(
      uring ? "mem-io-uring" : "mem-anon-inode-other",
      mapping,
      uring ? "it is a ring of io_uring" : `it is memory of ${mapping.path.slice("anon_inode:".length)}`,
      { values: [this.#mode(mapping), mapping.path] },
    );
  }

  #sysv(mapping: Mapping): void {
    if (mapping.permissions[3] !== "s") {
      this.#add("mem-sysv-private", mapping, "it is a System V segment that is mapped private", {
        values: [mapping.start, mapping.end, MAP_PRIVATE | MAP_ANONYMOUS, 0],
        // The last place is a descriptor of criu's own.
        message: null,
      });
    } else if (!this.#tree.dumps("ipc")) {
      this.#add("mem-sysv-shm", mapping, `it is a System V segment (${mapping.path}) of the host's IPC namespace`, {
        values: [this.#task.pid, mapping.start],
      });
    }
  }

  #file(mapping: Mapping): void {
    // criu stores a file once, however many tasks have it mapped.
    const key = `${this.#task.ns("mnt")} ${mapping.device} ${mapping.inode} ${mapping.path}`;
    const known = filesOf(this.#tree);
    if (known.has(key)) return;
    known.add(key);
    const stat = this.#stat(mapping);
    if (stat === null) return;
    const format = stat.mode & S_IFMT;
    if (format === S_IFREG) {
      this.#device(mapping, stat);
      this.#posixShm(mapping);
      const { path: link } = mapping;
      const file = { fd: FD_DESC_INVALID, link: link.replaceAll("\\012", "\n"), stat, mount: stat.mount };
      reportName(this.#tree, this.#report, this.#task, subjectOf(mapping), file, "MAPPING");
      return;
    }
    if (format === S_IFCHR && stat.rdevMajor === 1 && stat.rdevMinor === 5) return;
    const gpu = /^\/dev\/(?:nvidia|dri\/|kfd)/.test(mapping.path);
    const plugins = pluginsOf(this.#tree).names.length > 0;
    this.#add(gpu ? "mem-gpu-ptes" : "mem-chrdev", mapping, `it is memory of ${mapping.path}`, {
      values: [this.#task.pid, mapping.start],
      ...(plugins ? { effect: "UNKNOWN", message: null } : {}),
    });
  }

  /** Memory of a device behind a regular file, such as of PCI in sysfs: criu copies none of it that is mapped private. */
  #device(mapping: Mapping, { mount }: Statx): void {
    if (mapping.permissions[3] === "s" || mount === null) return;
    const type = mountTableOf(this.#tree).get(mount)?.mount.type;
    if (type === undefined || !PSEUDO.includes(type)) return;
    this.#report.unknown(
      "mem-pfnmap",
      this.#task,
      subjectOf(mapping),
      `it is private memory of ${mapping.path} (${type}), which may be that of a device`,
    );
  }

  /** POSIX shared memory of the host: criu takes the name of the file, and not what is in it. */
  #posixShm({ path, permissions, ...mapping }: Mapping): void {
    const named = path.startsWith("/dev/shm/") && !path.endsWith(" (deleted)");
    if (!named || permissions[3] !== "s" || this.#tree.dumps("mnt")) return;
    this.#add(
      "ipc-posix-shm",
      { path, permissions, ...mapping },
      `what is in ${path} is not dumped, and must be as it is now`,
      {
        stage: "RESTORE",
        effect: "RISK",
        message: null,
      },
    );
  }

  /** What is behind a mapping, by its link in map_files; for callers without that right, by its path. */
  #stat(mapping: Mapping): Statx | null {
    const { start, end, path } = mapping;
    const name = `map_files/${start.toString(16)}-${end.toString(16)}`;
    return this.#task.fact(name, (dir) => {
      try {
        return dir.statx(name);
      } catch (error) {
        if (!(error instanceof SysError)) throw error;
        // The mapping is gone or was changed meanwhile; what came in its place would have been judged alike.
        if (error.code === "ENOENT") return null;
        if (error.code !== "EPERM") throw error;
        return this.#byPath(dir, mapping, path);
      }
    });
  }

  #byPath(dir: ProcDir, mapping: Mapping, path: string): Statx | null {
    const found = dir.statx(`root${path}`);
    if (mountTableOf(this.#tree).get(found.mount)?.mount.type === "overlay") {
      this.#add(
        "mem-overlay-maps",
        mapping,
        `${path} lies on an overlay, of which maps must name the file that stat names`,
        {
          values: [mapping.start],
        },
      );
      return found;
    }
    if (String(found.ino) === mapping.inode) return found;
    this.#add("mem-map-files-denied", mapping, `${path} is another file now, and criu may not open what is mapped`, {
      values: [mapping.start],
    });
    return null;
  }

  /** The mode that criu prints for what it cannot open. */
  #mode({ start, end }: Mapping): number {
    const name = `map_files/${start.toString(16)}-${end.toString(16)}`;
    return this.#task.fact(`${name} mode`, (dir) => {
      try {
        return dir.statx(name).mode;
      } catch (error) {
        if (error instanceof SysError) return 0o600;
        throw error;
      }
    }) ?? 0o600;
  }

  #vvar(): void {
    const areas = this.#maps.filter(({ path }) => path === "[vvar]" || path === "[vvar_vclock]");
    for (const [i, area] of areas.entries()) {
      const next = areas[i + 1];
      // criu joins two that follow each other in its list of mappings.
      if (!next || this.#maps.indexOf(next) !== this.#maps.indexOf(area) + 1 || next.start === area.end) continue;
      this.#add("mem-vvar-split", next, "it does not adjoin the vvar area before it", {
        values: [area.start, area.end, next.start, next.end],
      });
    }
  }

  /** criu learns from pagemap which pages there are. */
  #pagemap(): void {
    const task = this.#task;
    const open = task.fact("pagemap", (dir) => {
      using _file = dir.open("pagemap");
      return true;
    });
    if (open !== null) return;
    this.#report.add({
      rule: "mem-unreadable",
      task,
      subject: "memory",
      reason: "its pagemap cannot be opened",
      values: [task.pid],
    });
  }

  /** What only smaps shows, where that is read without stalling the process. */
  #flags(): void {
    const open = this.#maps.filter(({ permissions }) => permissions[0] === "-");
    if (open.length === 0) return;
    const pages = this.#task.fact("statm", (dir) => Number(dir.text("statm").split(" ")[1] ?? 0));
    if (pages === null) return;
    if (pages * this.#tree.around.sys.page > SMAPS_BYTES || this.#maps.length > SMAPS_MAPPINGS) {
      this.#report.assume("no sealed mapping (mseal) that cannot be read");
      return;
    }
    const flags = this.#task.fact("smaps", (dir) => parseVmFlags(dir.text("smaps")));
    for (const mapping of open) {
      if (!flags?.get(mapping.start)?.includes("sl") || mapping.permissions[3] === "s") continue;
      this.#add(
        "mem-sealed-unreadable",
        mapping,
        "it is sealed (mseal), so that criu cannot make it readable for the copy",
        {
          message: "Can't dump unprotect vmas",
        },
      );
    }
    const watched = this.#maps.find(({ start }) => flags?.get(start)?.some((flag) => WATCHED.includes(flag)));
    if (watched && !openFilesOf(this.#tree).all.some(({ link }) => link === "anon_inode:[userfaultfd]")) {
      this.#add(
        "mem-uffd-registered",
        watched,
        "a process outside of the tree watches it with userfaultfd, and may be asked for its pages",
        {
          effect: "UNKNOWN",
          message: null,
        },
      );
    }
    for (const mapping of this.#maps) {
      // The kernel seals its own.
      if (mapping.path.startsWith("[v") || !flags?.get(mapping.start)?.includes("sl")) continue;
      this.#add("mem-sealed", mapping, "it is sealed (mseal), and after a restore it is not");
    }
  }
}

const FILES = new WeakMap<Tree, Set<string>>();

/** Mapped files of a tree that have been judged. */
function filesOf(tree: Tree): Set<string> {
  let files = FILES.get(tree);
  if (!files) FILES.set(tree, files = new Set());
  return files;
}

const HUGE = new WeakMap<Tree, ReadonlySet<string>>();

function hugetlbDevicesOf(tree: Tree): ReadonlySet<string> {
  let devices = HUGE.get(tree);
  if (!devices) HUGE.set(tree, devices = hugetlbDevices(tree.around.sys));
  return devices;
}

/** `vma START-END`. */
function subjectOf({ start, end }: Mapping): string {
  return `vma ${start.toString(16)}-${end.toString(16)}`;
}

/** The last column of /proc/net/packet. */
function packetInodes(text: string): ReadonlySet<string> {
  return new Set(text.split("\n").slice(1).map((line) => line.trim().split(/\s+/).at(-1)!).filter((one) => one !== ""));
}
