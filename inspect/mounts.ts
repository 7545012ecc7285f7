import type { Mount } from "../proc/mountinfo.ts";

/** Types that criu mounts anew by itself (fstypes in criu/filesystems.c); `tracefs` is passed over. */
const KNOWN = new Set(
  ("proc sysfs devtmpfs binfmt_misc tmpfs devpts simfs pstore mqueue securityfs fusectl debugfs cgroup cgroup2 aufs fuse " +
    "overlay autofs").split(" "),
);
/** Options of a superblock that are flags, and so no part of the comparison of two. */
const SB_FLAGS = new Set(["rw", "ro", "sync", "dirsync", "mad"]);

/** What the options of a plan say about mounts. */
export interface MountOptions {
  /** `--external mnt[]` and its two forms. */
  readonly auto: boolean;
  readonly masters: boolean;
  readonly sharing: boolean;
  /** Mountpoints of `--external mnt[PATH]:KEY`. */
  readonly external: ReadonlySet<string>;
  /** `MAJOR/MINOR` of `--external dev[…]`. */
  readonly devices: ReadonlySet<string>;
  /** Types of `--enable-fs`; `all` for all. */
  readonly enabled: ReadonlySet<string>;
  /** Mountpoints of `--skip-mnt`. */
  readonly skipped: ReadonlySet<string>;
}

/** A mount namespace as criu collects it. */
export interface MountNamespace {
  /** `ROOT` for that of the tree's root, `OTHER` for a nested one, `CRIU` for the caller's where the root is in it. */
  readonly kind: "ROOT" | "OTHER" | "CRIU";
  readonly mounts: readonly Mount[];
}

/** Why a mount stands in the way, in criu's order of looking. */
export type MountFault =
  /** Two children of one parent on the same mountpoint. */
  | "twice"
  /** A master that no mount of the tree shows. */
  | "master"
  /** The root of a file system whose type criu does not know. */
  | "type"
  /** A part of a file system of which no mount shows the whole. */
  | "bind"
  /** A type whose contents criu never takes. */
  | "fuse";

/** A mount that criu refuses, and why. */
export interface FaultyMount {
  readonly mount: Mount;
  readonly namespace: MountNamespace;
  readonly fault: MountFault;
  /** The other child, for `twice`. */
  readonly other?: Mount;
}

interface Info {
  readonly mount: Mount;
  readonly namespace: MountNamespace;
  readonly root: string;
  readonly type: string;
  readonly options: string;
  readonly isNsRoot: boolean;
  external: false | "path" | "device" | "auto";
  binds: Info[];
}

/** Whether `path` is `folder` or below it. */
export function isBelow(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

/**
 * What criu's collect_mnt_namespaces and dump_mnt_namespaces refuse, in the order in which they meet it.
 * `outside` are the mounts of criu's own namespace, among which it looks for those of `--external mnt[]`.
 */
export function faultyMounts(
  namespaces: readonly MountNamespace[],
  outside: readonly Mount[],
  options: MountOptions,
  cgroupNamespace: boolean,
): FaultyMount[] {
  const all = namespaces.flatMap((namespace) => collect(namespace, options, cgroupNamespace));
  findBinds(all);
  const out = collect({ kind: "CRIU", mounts: outside }, options, false);
  for (const one of all) if (!one.isNsRoot) resolveExternal(one, out, options);
  return [...sharingFaults(all), ...validationFaults(all, options), ...contentFaults(all)];
}

/** criu puts each mount before those that it has read. */
function collect(namespace: MountNamespace, options: MountOptions, cgroupNamespace: boolean): Info[] {
  const infos: Info[] = [];
  for (const mount of namespace.mounts) {
    if (options.skipped.has(mount.point)) continue;
    const type = mount.type.split(".", 1)[0]!;
    if (type === "tracefs") continue;
    const fake = cgroupNamespace && (type === "cgroup" || type === "cgroup2");
    infos.unshift({
      mount,
      namespace,
      root: fake ? "/" : mount.root.replace(/\/\/deleted$/, ""),
      type,
      options: mount.superOptions.split(",").filter((one) => !SB_FLAGS.has(one) && !one.startsWith("context=")).join(
        ",",
      ),
      isNsRoot: mount.point === "/",
      external: false,
      binds: [],
    });
  }
  return infos;
}

function sameSuperblock(a: Info, b: Info): boolean {
  if (a.mount.major !== b.mount.major || a.mount.minor !== b.mount.minor) return false;
  if (a.mount.source !== b.mount.source || a.type !== b.type) return false;
  if (a.type === "btrfs") return btrfsEqual(a.options, b.options);
  return a.options === b.options;
}

/** All options but the subvolume, which btrfs tells wrongly for bind mounts. */
function btrfsEqual(a: string, b: string): boolean {
  if (!a.includes("subvol=") || !b.includes("subvol=")) return false;
  const rest = (text: string) => text.replace(/subvol=[^,]*/, "");
  return rest(a) === rest(b);
}

function findBinds(all: readonly Info[]): void {
  const groups = new Map<string, Info[][]>();
  for (const one of all) {
    const key = `${one.mount.major}:${one.mount.minor}`;
    const candidates = groups.get(key) ?? [];
    groups.set(key, candidates);
    const group = candidates.find(([first]) => sameSuperblock(first!, one));
    if (group) group.push(one);
    else candidates.push([one]);
  }
  for (const candidates of groups.values()) for (const group of candidates) for (const one of group) one.binds = group;
}

function resolveExternal(one: Info, outside: readonly Info[], options: MountOptions): void {
  const { mount } = one;
  if (one.namespace.kind === "ROOT" && options.external.has(mount.point)) {
    one.external = "path";
    return;
  }
  if (one.root === "/" && !known(one, options) && options.devices.has(`${mount.major}/${mount.minor}`)) {
    one.external = "device";
    return;
  }
  if (!options.auto) return;
  const match = bestMatch(one, outside);
  if (!match) return;
  if (mount.shared !== null && !options.sharing) return;
  if (mount.master !== null) {
    if (!options.masters) return;
    if (mount.master !== match.mount.shared && mount.master !== match.mount.master) return;
  }
  one.external = "auto";
}

function bestMatch(one: Info, outside: readonly Info[]): Info | undefined {
  let candidate: Info | undefined;
  for (const other of outside) {
    if (!sameSuperblock(one, other) || !isBelow(one.root, other.root)) continue;
    candidate = other;
    if (one.mount.shared !== null && one.mount.shared === other.mount.shared) break;
    if (one.mount.master !== null && one.mount.master === other.mount.shared) break;
  }
  return candidate;
}

function known(one: Info, { enabled }: MountOptions): boolean {
  return KNOWN.has(one.type) || enabled.has("all") || enabled.has(one.type);
}

function* sharingFaults(all: readonly Info[]): Iterable<FaultyMount> {
  const groups = new Set(all.map(({ mount }) => mount.shared).filter((one) => one !== null));
  for (const one of all) {
    const { master } = one.mount;
    if (master === null) continue;
    // A mount that is in the group of its own master finds no other one there.
    if (groups.has(master) && all.some((other) => other !== one && other.mount.shared === master)) continue;
    const fromOutside = one.binds.some((bind) =>
      bind.mount.master === master && isBelow(one.root, bind.root) &&
      (isRoot(bind) || (bind.external && bind.external !== "device"))
    );
    if (!fromOutside) yield fault(one, "master");
  }
}

/** The root mount of the root task's namespace. */
function isRoot({ isNsRoot, namespace }: Info): boolean {
  return isNsRoot && namespace.kind !== "OTHER";
}

function* validationFaults(all: readonly Info[], options: MountOptions): Iterable<FaultyMount> {
  for (const one of all) {
    const siblings = all.filter((other) =>
      other.namespace === one.namespace && other.mount.parent === one.mount.parent && other !== one &&
      other.mount.id !== other.mount.parent
    );
    const twice = siblings.find((other) => other.mount.point === one.mount.point && !other.isNsRoot);
    if (twice && one.mount.id < twice.mount.id) yield fault(one, "twice", twice.mount);
    if (covered(one)) continue;
    if (one.root === "/") {
      if (!known(one, options)) yield fault(one, "type");
    } else if (!one.binds.some((bind) => bind.root === "/" || (bind.isNsRoot && one.root.startsWith(bind.root)))) {
      yield fault(one, "bind");
    }
  }
}

function* contentFaults(all: readonly Info[]): Iterable<FaultyMount> {
  for (const one of all) if (one.type === "fuse" && !covered(one)) yield fault(one, "fuse");
}

/** Whether a mount is, or can be bound from, one that somebody outside takes care of, or from the root. */
function covered(one: Info): boolean {
  return one.binds.some((bind) => (bind.external || isRoot(bind)) && isBelow(one.root, bind.root));
}

function fault({ mount, namespace }: Info, kind: MountFault, other?: Mount): FaultyMount {
  return other ? { mount, namespace, fault: kind, other } : { mount, namespace, fault: kind };
}
