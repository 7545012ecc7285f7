import type { CpuVector } from "../cpu/vector.ts";
import {
  type CgroupEntry,
  CgroupEntrySchema,
  type CoreEntry,
  CoreEntrySchema,
  FdinfoEntrySchema,
  FdType,
  type FileEntry,
  FileEntrySchema,
  type InetSocket,
  InetSocketSchema,
  type Inventory,
  InventorySchema,
  LinkType,
  Machine,
  MemfdInodeSchema,
  type MountEntry,
  MountEntrySchema,
  type NetDevice,
  NetDeviceSchema,
  NetnsEntrySchema,
  PidnsEntrySchema,
  PstreeEntrySchema,
  type RegFile,
  RegFileSchema,
  RegistersMode,
  RemapFilePathSchema,
  type RemapType,
  type TaskIds,
  TaskIdsSchema,
  type ThreadCore,
  type TtyInfo,
  TtyInfoSchema,
  type UnixSocket,
  UnixSocketSchema,
} from "../proto/gen/images_pb.ts";
import { readCpuinfo } from "./cpuinfo.ts";
import { decodeAll, decodeOne } from "./decode.ts";
import type { Dump } from "./dump.ts";
import { ImageError } from "./error.ts";
import { taskMemory } from "./memory.ts";

/** One task of the dumped tree. */
export interface DumpedTask {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly threads: readonly number[];
  /** False for a zombie. */
  readonly alive: boolean;
  readonly name: string;
  /** Its namespaces; undefined for a zombie. */
  readonly ids: TaskIds | undefined;
  /** Whether it runs the 32-bit ABI. */
  readonly compat: boolean;
  /** State components that its threads have really used. */
  readonly xstate: bigint;
  /** Whether one of its threads has a shadow stack. */
  readonly shadowStack: boolean;
  readonly seccomp: boolean;
  /** Profiles of a security module, without those that mean none. */
  readonly profiles: readonly string[];
  /** Policies of its threads that CRIU cannot set again, as numbers of sched_setscheduler(2). */
  readonly badPolicies: readonly number[];
  /** Whether a timer signals a thread that has ended. */
  readonly strayTimer: boolean;
  /** Whether a System V segment has lost its middle. */
  readonly tornSegment: boolean;
  /** The highest descriptor; -1 for none. */
  readonly highestDescriptor: number;
  /** Of the auxiliary vector that it was started with, by type. */
  readonly auxv: ReadonlyMap<number, bigint>;
}

/** What a dump was made of, as far as it decides whether and where it can be restored. */
export interface DumpFacts {
  readonly inventory: Inventory;
  readonly machine: Machine;
  /** The root of the tree comes first. */
  readonly tasks: readonly DumpedTask[];
  /** Image files without which CRIU cannot restore, and which are not there. */
  readonly missing: readonly string[];
  /** Pids of tasks without an image of descriptors: they have none, or it was lost, and CRIU does not notice. */
  readonly withoutDescriptors: readonly number[];
  readonly regFiles: readonly RegFile[];
  readonly inetSockets: readonly InetSocket[];
  readonly unixSockets: readonly UnixSocket[];
  readonly externalFiles: number;
  readonly tunDevices: boolean;
  readonly hugeMemfds: boolean;
  readonly ttys: readonly TtyInfo[];
  /** Whether a terminal is open as a path only (O_PATH). */
  readonly pathOnlyTerminal: boolean;
  /** What stands in for a file that has no name any more, by the file's id. */
  readonly remaps: ReadonlyMap<number, { readonly type: RemapType; readonly id: number }>;
  /** Mounts of the mount namespaces that are restored. */
  readonly mounts: readonly MountEntry[];
  /** Keys by which namespaces are to be given from outside. */
  readonly externalNamespaces: readonly string[];
  /** Network devices whose other end, or parent, is outside of the dump. */
  readonly outerDevices: readonly { readonly name: string; readonly kind: "veth" | "macvlan" }[];
  readonly cgroup: CgroupEntry | undefined;
  readonly cpu: CpuVector | undefined;
  /** Kinds of further images that tell of something special, such as `autofs` or `filelocks`. */
  readonly kinds: ReadonlySet<string>;
}

/** Reads what decides. Throws `ImageError`. */
export function dumpFacts(dump: Dump): DumpFacts {
  const bytes = (name: string) => dump.read(name);
  const inventoryBytes = bytes("inventory.img");
  if (!inventoryBytes) throw new ImageError(`${dump.name} has no inventory.img`);
  const inventory = decodeOne("inventory.img", "inventory", inventoryBytes, InventorySchema);
  if (inventory.imgVersion !== 1 && inventory.imgVersion !== 2) {
    throw new ImageError(`${dump.name} has images of version ${inventory.imgVersion}, which nobody knows`);
  }
  const tree = bytes("pstree.img");
  if (!tree) throw new ImageError(`${dump.name} has no pstree.img: a pre-dump, or a dump that was not finished`);
  const missing = new Set<string>();
  const entries = decodeAll("pstree.img", "pstree", tree, PstreeEntrySchema);
  if (entries.length === 0) throw new ImageError(`${dump.name} has no process in it`);
  const machines = new Set<Machine>();
  const tasks = entries.map((entry) => {
    const first = coreOf(dump, entry.pid);
    // CRIU leaves the thread list of a zombie as it was in its memory.
    const dead = first?.tc?.taskState === TASK_DEAD;
    const threads = dead ? [entry.pid] : [...new Set([entry.pid, ...entry.threads])];
    const cores = threads.flatMap((tid) => {
      const core = tid === entry.pid ? first : coreOf(dump, tid);
      if (core) machines.add(core.mtype);
      else missing.add(`core-${tid}.img`);
      return core ? [core] : [];
    });
    return taskOf(dump, { ...entry, threads }, cores, missing);
  });
  const files = allFiles(dump);
  if (!["files.img", "reg-files.img"].some((name) => dump.names.includes(name))) missing.add("files.img");
  for (const { ids } of tasks) {
    const own = ids && inventory.rootIds && ids.mntNsId !== inventory.rootIds.mntNsId;
    if (own && !dump.names.includes(`mountpoints-${ids.mntNsId}.img`)) missing.add(`mountpoints-${ids.mntNsId}.img`);
  }
  if (tasks.some(({ seccomp }) => seccomp) && !dump.names.includes("seccomp.img")) missing.add("seccomp.img");
  return {
    inventory,
    machine: [...machines][0] ?? Machine.UNKNOWN,
    tasks,
    missing: [...missing],
    withoutDescriptors: tasks.flatMap(({ pid, alive, ids }) =>
      alive && ids && !dump.names.includes(`fdinfo-${ids.filesId}.img`) ? [pid] : []
    ),
    ...files,
    ttys: optional(dump, "tty-info.img", (name, data) => decodeAll(name, "tty-info", data, TtyInfoSchema)) ?? [],
    remaps: new Map(
      (optional(dump, "remap-fpath.img", (name, data) => decodeAll(name, "remap-fpath", data, RemapFilePathSchema)) ??
        [])
        .map((remap) => [remap.origId, { type: remap.remapType, id: remap.remapId }]),
    ),
    hugeMemfds: (optional(dump, "memfd.img", (name, data) => decodeAll(name, "memfd", data, MemfdInodeSchema)) ?? [])
      .some(({ hugetlbFlag }) => hugetlbFlag !== 0),
    mounts: each(dump, "mountpoints", (name, data) => decodeAll(name, "mountpoints", data, MountEntrySchema)),
    externalNamespaces: [
      ...each(dump, "netns", (name, data) => decodeAll(name, "netns", data, NetnsEntrySchema)),
      ...each(dump, "pidns", (name, data) => decodeAll(name, "pidns", data, PidnsEntrySchema)),
    ].flatMap(({ extKey }) => extKey ? [extKey] : []),
    outerDevices: outerDevices(
      each(dump, "netdev", (name, data) => decodeAll(name, "netdev", data, NetDeviceSchema)),
    ),
    cgroup: optional(dump, "cgroup.img", (name, data) => decodeAll(name, "cgroup", data, CgroupEntrySchema))?.[0],
    cpu: optional(dump, "cpuinfo.img", readCpuinfo),
    kinds: new Set(dump.names.map((name) => name.replace(/(-[0-9a-f]+)?\.img$/, ""))),
  };
}

/** Both ends of a veth pair inside of the dump find each other; all others are to be given. */
function outerDevices(devices: readonly NetDevice[]): DumpFacts["outerDevices"] {
  return devices.flatMap((device): DumpFacts["outerDevices"] => {
    const { type, name, ifindex, peerIfindex } = device;
    if (type === LinkType.MACVLAN) return [{ name, kind: "macvlan" }];
    if (type !== LinkType.VETH) return [];
    const inside = devices.some((one) =>
      // Numbers are of each network namespace: a device may have the one of its own peer.
      one !== device && one.type === LinkType.VETH && one.ifindex === peerIfindex && one.peerIfindex === ifindex
    );
    return inside ? [] : [{ name, kind: "veth" }];
  });
}

function optional<T>(dump: Dump, name: string, read: (name: string, bytes: Uint8Array) => T): T | undefined {
  const bytes = dump.read(name);
  return bytes && read(name, bytes);
}

/** All images KIND-NUMBER.img together. */
function each<T>(dump: Dump, kind: string, read: (name: string, bytes: Uint8Array) => readonly T[]): T[] {
  return dump.names.filter((name) => new RegExp(`^${kind}-[0-9]+\\.img$`).test(name))
    .flatMap((name) => optional(dump, name, read) ?? []);
}

function coreOf(dump: Dump, tid: number): CoreEntry | undefined {
  return optional(dump, `core-${tid}.img`, (name, bytes) => decodeOne(name, "core", bytes, CoreEntrySchema));
}

const TASK_DEAD = 2;
const SECCOMP_NONE = 0;
const SIGEV_THREAD_ID = 4;
const SCHED = { OTHER: 0, FIFO: 1, RR: 2, BATCH: 3, IDLE: 5, RESET_ON_FORK: 0x40000000 } as const;

/** The policy of a thread where CRIU takes it for inconsistent. */
function badPolicy({ schedPolicy, schedPrio }: ThreadCore): number[] {
  const policy = schedPolicy & ~SCHED.RESET_ON_FORK;
  const realtime = policy === SCHED.FIFO || policy === SCHED.RR;
  const plain = policy === SCHED.OTHER || policy === SCHED.BATCH || policy === SCHED.IDLE;
  return realtime && schedPrio > 0 && schedPrio < 100 || plain && schedPrio === 0 ? [] : [policy];
}

function taskOf(
  dump: Dump,
  entry: { pid: number; ppid: number; pgid: number; sid: number; threads: number[] },
  cores: readonly CoreEntry[],
  missing: Set<string>,
): DumpedTask {
  const { pid, ppid, pgid, sid, threads } = entry;
  const tc = cores[0]?.tc;
  const alive = tc?.taskState !== TASK_DEAD;
  if (alive) {
    for (const kind of ["mm", "pagemap", "fs", "ids"]) {
      if (!dump.names.includes(`${kind}-${pid}.img`)) missing.add(`${kind}-${pid}.img`);
    }
  }
  const ids = optional(dump, `ids-${pid}.img`, (name, bytes) => decodeOne(name, "ids", bytes, TaskIdsSchema));
  const memory = optional(dump, `mm-${pid}.img`, taskMemory);
  const descriptors = ids && optional(
    dump,
    `fdinfo-${ids.filesId}.img`,
    (name, bytes) => decodeAll(name, "fdinfo", bytes, FdinfoEntrySchema),
  );
  const profiles = cores.flatMap(({ threadCore }) => threadCore?.creds ? [threadCore.creds.lsmProfile] : []);
  return {
    pid,
    ppid,
    pgid,
    sid,
    threads,
    alive,
    name: tc?.comm ?? "",
    ids: ids ?? cores[0]?.ids,
    compat: cores.some(({ threadInfo }) => threadInfo?.gpregs?.mode === RegistersMode.COMPAT),
    xstate: cores.reduce((all, { threadInfo }) => all | (threadInfo?.fpregs?.xsave?.xstateBv ?? 0n), 0n),
    shadowStack: cores.some(({ threadInfo }) => (threadInfo?.fpregs?.xsave?.cet?.cet ?? 0n) !== 0n),
    seccomp: (tc?.oldSeccompMode ?? 0) !== SECCOMP_NONE ||
      cores.some(({ threadCore }) => (threadCore?.seccompMode ?? 0) !== SECCOMP_NONE),
    profiles: [...new Set(profiles.filter((name) => name !== "" && name !== "unconfined"))],
    badPolicies: cores.flatMap(({ threadCore }) => threadCore && alive ? badPolicy(threadCore) : []),
    strayTimer: (tc?.timers?.posix ?? []).some(({ itSigevNotify, notifyThreadId }) =>
      itSigevNotify === SIGEV_THREAD_ID && notifyThreadId !== 0 && !threads.includes(notifyThreadId)
    ),
    tornSegment: memory?.torn ?? false,
    highestDescriptor: Math.max(-1, ...(descriptors ?? []).map(({ fd }) => fd)),
    auxv: memory?.auxv ?? new Map(),
  };
}

/** The table of open and mapped files: one image, or one for each kind in dumps of older CRIU. */
function allFiles(dump: Dump) {
  const entries = optional(dump, "files.img", (name, bytes) => decodeAll(name, "files", bytes, FileEntrySchema));
  if (entries) return filesOf(entries);
  const older = <T>(name: string, read: (name: string, bytes: Uint8Array) => T[]) => optional(dump, name, read) ?? [];
  return {
    regFiles: older("reg-files.img", (name, bytes) => decodeAll(name, "reg-files", bytes, RegFileSchema)),
    inetSockets: older("inetsk.img", (name, bytes) => decodeAll(name, "inetsk", bytes, InetSocketSchema)),
    unixSockets: older("unixsk.img", (name, bytes) => decodeAll(name, "unixsk", bytes, UnixSocketSchema)),
    externalFiles: dump.names.includes("ext-files.img") ? 1 : 0,
    tunDevices: dump.names.includes("tunfile.img"),
    pathOnlyTerminal: false,
  };
}

const O_PATH = 0o10000000;

function filesOf(entries: readonly FileEntry[]) {
  const terminals = new Set(entries.flatMap(({ tty }) => tty ? [tty.regfId] : []));
  return {
    // The path of a terminal is not opened: criu makes the terminal.
    regFiles: entries.flatMap(({ reg }) => reg && !terminals.has(reg.id) ? [reg] : []),
    inetSockets: entries.flatMap(({ isk }) => isk ? [isk] : []),
    unixSockets: entries.flatMap(({ usk }) => usk ? [usk] : []),
    externalFiles: entries.filter(({ type }) => type === FdType.EXT).length,
    tunDevices: entries.some(({ type }) => type === FdType.TUNF),
    pathOnlyTerminal: entries.some(({ tty }) => tty && (tty.flags & O_PATH) !== 0),
  };
}
