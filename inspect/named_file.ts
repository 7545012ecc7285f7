import { SysError } from "../ffi/errno.ts";
import type { ProcDir } from "../proc/dir.ts";
import { makedev, S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, type Statx } from "../proc/statx.ts";
import type { RuleId } from "../rules/registry.ts";
import { fileKey, isExternal } from "./external.ts";
import { GoneError } from "./gone.ts";
import { type KnownMount, type MountTable, mountTableOf } from "./mount_table.ts";
import type { Effect } from "./obstacle.ts";
import { argumentsOf, given } from "./plan.ts";
import type { Tree } from "./tree.ts";

/** A file that criu would store by a name: what an open descriptor or a mapping has. */
export interface NamedFile {
  /** As criu's messages print it; the descriptor. */
  readonly fd: number;
  /** Where the link points to. */
  readonly link: string;
  readonly stat: Statx;
  readonly mount: number | null;
}

/** Why criu cannot store a file by its name, or only with an option: what a `Sighting` has of it. */
export interface NameFault {
  readonly rule: RuleId;
  readonly effect?: Effect;
  readonly reason: string;
  readonly values?: readonly (string | number | bigint)[];
  readonly message?: string | null;
  readonly errnoText?: string;
  readonly options?: readonly string[];
  readonly remedy?: null;
}

const DELETED = " (deleted)";
/** What criu takes into the images of a deleted file, bytes (DEFAULT_GHOST_LIMIT). */
const GHOST_LIMIT = 1 << 20;
const MIB = 1 << 20;
/** Texts of errno as criu's libc has them. */
export const ERRNO_TEXT: Readonly<Record<string, string>> = {
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  EXDEV: "Invalid cross-device link",
  ENOTDIR: "Not a directory",
  EROFS: "Read-only file system",
  ELOOP: "Too many levels of symbolic links",
  ENAMETOOLONG: "File name too long",
  EIO: "Input/output error",
  EBADF: "Bad file descriptor",
};

/** A link's text without the mark of a deleted file. */
export function withoutDeleted(link: string): string {
  return link.endsWith(DELETED) ? link.slice(0, -DELETED.length) : link;
}

/** What criu's dump_one_reg_file and check_path_remap say of a file; empty where they take it as it is. */
export function nameFaults(tree: Tree, file: NamedFile): NameFault[] {
  const table = mountTableOf(tree);
  const known = table.get(file.mount);
  // Nearly all are found under their name: what else there is to say is made up only for the others.
  if (known && isFound(table, file, known)) return [];
  const key = fileKey(file.mount, file.stat);
  if (isExternal(tree.around.plan, key)) return [];
  const external = `--external ${key}`;
  const place = [file.mount ?? -1, file.fd, file.link];
  if (!known) {
    return [{
      rule: "file-mount-unknown",
      reason: `${file.link} lies on mount ${file.mount ?? "?"}, which no mount namespace of the tree shows`,
      values: place,
      options: [external],
    }];
  }
  if (table.covered(known)) {
    return [{
      rule: "file-overmounted",
      effect: "NEEDS_OPTION",
      reason: `${file.link} lies on a mount at ${known.mount.point} that another mount covers`,
      values: place,
      options: [external],
    }];
  }
  if (!file.link.startsWith("/")) {
    return [{
      rule: "file-relative-or-unreachable",
      effect: "NEEDS_OPTION",
      reason: `its name is ${file.link}, which is no path`,
      values: [file.link],
      options: [external],
    }];
  }
  return remap(tree, file, known, external);
}

/** Whether a file is where its name says, and nothing else about it matters. */
function isFound(table: MountTable, { stat, link }: NamedFile, known: KnownMount): boolean {
  const format = stat.mode & S_IFMT;
  if (stat.nlink === 0 || !link.startsWith("/") || format === S_IFLNK || table.covered(known)) return false;
  if (PASSED.includes(known.mount.type) || known.mount.type.startsWith("nfs")) return false;
  const { found } = known.space;
  const before = found.get(link);
  if (before && before.ino === stat.ino && before.major === stat.major && before.minor === stat.minor) return true;
  const root = table.root(known.space);
  if (root === null || !root.isSame(`.${link}`, stat)) return false;
  found.set(link, stat);
  return true;
}

/** Types of which check_path_remap looks up no names. */
const PASSED = ["proc", "devpts"];

/** criu's check_path_remap. */
function remap(tree: Tree, file: NamedFile, known: KnownMount, external: string): NameFault[] {
  const { stat, link } = file;
  const { type } = known.mount;
  // What is in /proc and of a terminal needs no contents: see proc_file.ts and the judge of terminals.
  if (PASSED.includes(type)) return [];
  if (stat.nlink === 0) return ghost(tree, file, external);
  const root = mountTableOf(tree).root(known.space);
  if (/^nfs4?$/.test(type) && /\/\.nfs[0-9a-fA-F]{24}$/.test(link)) {
    return linked(tree, file, known, root, "file-nfs-silly", external);
  }
  if (root === null) {
    return [{ ...UNSEEN, reason: `${link} cannot be looked up: its namespace's root cannot be opened` }];
  }
  const found = lookUp(root, link, (stat.mode & S_IFMT) === S_IFLNK);
  if (found instanceof SysError) {
    if (found.code !== "ENOENT") {
      return [{
        rule: "file-replaced",
        effect: "NEEDS_OPTION",
        reason: `${link} is not there any more: looking it up gives ${found.code}`,
        message: "Can't stat path",
        errnoText: ERRNO_TEXT[found.code] ?? found.code,
        options: [external],
      }];
    }
    const overlay = type === "overlay" && link.endsWith(DELETED) && stat.nlink === 1;
    if (overlay) return [overlayLower(tree, file, external)];
    const hidden = !link.endsWith(DELETED);
    return linked(tree, file, known, root, hidden ? "file-hidden-by-mount" : "file-deleted-linked", external);
  }
  if (found.ino === stat.ino && found.major === stat.major && found.minor === stat.minor) return [];
  const values = [
    makedev(found.major, found.minor),
    BigInt.asUintN(32, found.ino),
    makedev(stat.major, stat.minor),
    BigInt.asUintN(32, stat.ino),
  ];
  const format = stat.mode & S_IFMT;
  if ((format === S_IFCHR || format === S_IFBLK) && sameDevice(found, stat)) {
    if (given(tree.around.plan, "evasive-devices")) return [];
    return [{
      rule: "file-device-evasive",
      reason: `${link} is another node of the same device now`,
      values,
      options: ["--evasive-devices", external],
    }];
  }
  return [{
    rule: "file-replaced",
    effect: "NEEDS_OPTION",
    reason: `${link} is another file now`,
    values,
    options: [external],
  }];
}

const UNSEEN = { rule: "file-plain", effect: "UNKNOWN", message: null } as const;

function sameDevice(a: Statx, b: Statx): boolean {
  // criu compares st_rdev alone, which a file that is no device has as 0.
  return a.rdevMajor === b.rdevMajor && a.rdevMinor === b.rdevMinor;
}

function lookUp(root: ProcDir, path: string, nofollow: boolean): Statx | SysError {
  try {
    return root.statx(`.${path}`, nofollow);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    if (error.code === "ESRCH") throw new GoneError(0);
    return error;
  }
}

function ghost(tree: Tree, { stat, link }: NamedFile, external: string): NameFault[] {
  const size = stat.blocks * 512;
  if (size <= ghostLimit(tree)) return [];
  const path = withoutDeleted(link);
  return [{
    rule: "file-deleted-ghost-big",
    reason: `${path} is deleted and takes ${size} bytes on disk`,
    values: [path, size],
    options: [`--ghost-limit ${Math.ceil(size / MIB) * MIB}`, external],
  }];
}

/** A deleted file of a lower layer: no link can be made to it, which older kernels say with an errno that criu knows. */
function overlayLower(tree: Tree, file: NamedFile, external: string): NameFault {
  const path = withoutDeleted(file.link);
  const permitted = given(tree.around.plan, "link-remap");
  return {
    rule: permitted ? "file-link-remap-fails" : "file-deleted-overlay",
    effect: "NEEDS_OPTION",
    reason: `${path} is deleted, and came from a lower layer of an overlay, which no link can be made to`,
    values: [path],
    ...(permitted ? { errnoText: ERRNO_TEXT.EXDEV! } : {}),
    options: [external],
    remedy: null,
  };
}

function ghostLimit(tree: Tree): number {
  const last = argumentsOf(tree.around.plan, "ghost-limit").at(-1);
  const found = /^(\d+)([KMG]?)$/i.exec(last ?? "");
  if (!found) return GHOST_LIMIT;
  return Number(found[1]) * 1024 ** " KMG".indexOf(found[2]!.toUpperCase() || " ");
}

/** A file with other names: criu makes one more, beside the old one. */
function linked(
  tree: Tree,
  file: NamedFile,
  known: KnownMount,
  root: ProcDir | null,
  rule: RuleId,
  external: string,
): NameFault[] {
  const path = withoutDeleted(file.link);
  const obstacle = linkObstacle(tree, file, known, root, path);
  const why: Readonly<Record<string, string>> = {
    "file-nfs-silly": `${path} is deleted, and its server keeps it under this name only as long as it is open`,
    "file-hidden-by-mount": `${path} is not to be found: a later mount hides it`,
  };
  const reason = why[rule] ?? `${path} is deleted and has other names`;
  const permitted = given(tree.around.plan, "link-remap");
  if (obstacle === null) {
    return permitted ? [] : [{ rule, reason, values: [path], options: ["--link-remap", external] }];
  }
  const errno = ERRNO_TEXT[obstacle] ?? obstacle;
  return [{
    rule: permitted && rule !== "file-hidden-by-mount" ? "file-link-remap-fails" : rule,
    effect: "NEEDS_OPTION",
    reason: `${reason}, and --link-remap cannot give it one: ${errno}`,
    values: [path],
    ...(permitted ? { message: "Can't link remap to", errnoText: errno } : { message: "Can't create link remap" }),
    options: [external],
    remedy: null,
  }];
}

/** Why linkat(2) to the folder of a path would fail: the errno's name; null where nothing speaks against it. */
function linkObstacle(
  tree: Tree,
  file: NamedFile,
  known: KnownMount,
  root: ProcDir | null,
  path: string,
): string | null {
  if (root === null) return null;
  let folder = path;
  for (;;) {
    folder = folder.slice(0, folder.lastIndexOf("/"));
    const found = lookUp(root, `${folder}/.`, false);
    if (found instanceof SysError) {
      if (found.code !== "ENOENT") return found.code;
      if (folder === "") return "ENOENT";
      continue;
    }
    const target = mountTableOf(tree).get(found.mount) ?? known;
    if (isReadOnly(target)) return "EROFS";
    if (found.mount !== null && file.mount !== null && found.mount !== file.mount) return "EXDEV";
    if ((file.stat.mode & S_IFMT) === S_IFDIR) return "EPERM";
    if (/^(?:vfat|msdos|exfat)$/.test(target.mount.type)) return "EPERM";
    const { caller } = tree.around;
    if (caller.euid !== file.stat.uid && !caller.has("CAP_FOWNER")) return "EPERM";
    return null;
  }
}

function isReadOnly({ mount }: KnownMount): boolean {
  return mount.options.includes("ro") || mount.superOptions.split(",").includes("ro");
}
