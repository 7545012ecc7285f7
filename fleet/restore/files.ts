import { struct } from "../../ffi/struct.ts";
import { errnoName, SysError } from "../../ffi/errno.ts";
import { readBytes } from "../../ffi/files.ts";
import type { Sys } from "../../ffi/sys.ts";
import { AT_FDCWD } from "../../ffi/uapi.ts";
import { buildId } from "../../host/elf.ts";
import { type RegFile, RemapType } from "../../proto/gen/images_pb.ts";
import { type Item, same } from "../item.ts";
import { need, ownNamespace, type RestoreContext } from "./context.ts";

const AT_SYMLINK_NOFOLLOW = 0x100;
const STATX_TYPE_MODE_SIZE = 0x203;
const STATX = struct("statx", 256, { mode: [28, "u16"], size: [40, "u64"] });
/** How much of a file CRIU looks at for its build-id. */
const BUILD_ID_BYTES = 1 << 20;
/** So many files are named; of more only the number is told. */
const NAMED = 20;

/** Every file that CRIU opens again by its path must be there, with the same type, mode and size, and build-id. */
export function judgeFiles(context: RestoreContext): Item[] {
  const { facts, root } = context;
  const own = ownNamespace(context, "mntNsId");
  if (own && root === null) {
    return [
      context.engine
        ? need(
          "files",
          `${facts.regFiles.length} files`,
          null,
          "advisory",
          "they lie in the container's own root file system, which the engine makes: not looked at",
          "name it with --root where it is there already",
        )
        : need(
          "files",
          `${facts.regFiles.length} files`,
          null,
          "unknown",
          "the dump has a mount namespace of its own, whose root nobody has named",
          "say with --root where it is going to be, as criu restore must be told",
        ),
    ];
  }
  const below = own ? root!.replace(/\/+$/, "") : "";
  const wanted = facts.regFiles.filter((file) => !file.ext && byPath(context, file) && (!own || onRoot(context, file)));
  const faults = wanted.flatMap((file) => {
    const fault = faultOf(context.sys, pathOf(below, file), file);
    return fault ? [fault] : [];
  });
  const items = faults.slice(0, NAMED);
  if (faults.length > NAMED) {
    items.push(
      need("files", String(faults.length), null, "blocks", `${faults.length - NAMED} more files are not as they were`),
    );
  }
  const external = facts.regFiles.filter(({ ext }) => ext).length + facts.externalFiles;
  if (external > 0) {
    items.push(
      need(
        "external-files",
        String(external),
        null,
        context.engine ? "advisory" : "unknown",
        "these were left out of the dump and are to be given at restore",
        "criu restore --inherit-fd or --external, as at the dump",
      ),
    );
  }
  return items.length > 0 ? items : [same("files", `${wanted.length} as they were`)];
}

/** The bytes of a path, below the root of the dump, and how it is shown. */
function pathOf(below: string, { name }: RegFile): { readonly bytes: Uint8Array; readonly shown: string } {
  const prefix = new TextEncoder().encode(name[0] === SLASH ? below : `${below}/`);
  const bytes = new Uint8Array([...prefix, ...name]);
  return { bytes, shown: new TextDecoder().decode(bytes) };
}

const SLASH = 0x2f;

/** Whether CRIU opens the file by its own name; one without a name is made from the dump, and so is a restored task's /proc. */
function byPath({ facts }: RestoreContext, file: RegFile): boolean {
  const remap = facts.remaps.get(file.id);
  if (remap) return false;
  const pid = /^\/proc\/(\d+)(\/|$)/.exec(pathOf("", file).shown)?.[1];
  return pid === undefined ||
    !facts.tasks.some((task) => task.threads.includes(Number(pid)) || task.pid === Number(pid));
}

/** Whether it lies on the root mount of the tree: criu makes the other mounts itself, with what is in them. */
function onRoot({ facts }: RestoreContext, { mntId }: RegFile): boolean {
  const mount = facts.mounts.find((one) => one.mntId === mntId);
  return mount === undefined || !facts.mounts.some((one) => one.mntId === mount.parentMntId && one !== mount);
}

function faultOf(sys: Sys, at: ReturnType<typeof pathOf>, file: RegFile): Item | undefined {
  const fault = (target: string, source: string, reason: string, remedy: string) =>
    need(`file.${at.shown}`, source, target, "blocks", reason, remedy);
  const bring = "bring the same file here, as a package manager or a copy does";
  const found = stat(sys, at.bytes, (file.flags & sys.arch.oNofollow) !== 0);
  if (typeof found === "string") return fault(found, "there", "criu opens it by its path", bring);
  const { size, mode } = found;
  if (Object.hasOwn(file, "size") && BigInt(size) !== file.size) {
    return fault(`${size} bytes`, `${file.size} bytes`, "criu refuses a file of another size", bring);
  }
  if (Object.hasOwn(file, "mode") && mode !== file.mode) {
    return fault(
      `mode ${mode.toString(8)}`,
      `mode ${file.mode.toString(8)}`,
      "criu refuses a file of another type or mode",
      `chmod it, or criu restore --skip-file-rwx-check`,
    );
  }
  const wanted = idText(file.buildId);
  if (!Object.hasOwn(file, "size") || wanted === "") return undefined;
  const is = buildId(head(sys, at.shown));
  // As criu, which cannot compare what it cannot read.
  return is === undefined || wanted.startsWith(is) && wanted.length - is.length < 8
    ? undefined
    : fault(is, wanted, "another build of this program or library, by its build-id", bring);
}

/** A build-id as it is printed: the image has it in little-endian words, the last one filled up with zeros. */
function idText(words: readonly number[]): string {
  return words.flatMap((word) => [word & 0xff, word >>> 8 & 0xff, word >>> 16 & 0xff, word >>> 24])
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function stat(sys: Sys, at: Uint8Array, noFollow = false): { size: number; mode: number } | string {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const result = STATX.pack(memory);
    const code = sys.try(
      "statx",
      AT_FDCWD,
      memory.store([...at, 0], 1),
      noFollow ? AT_SYMLINK_NOFOLLOW : 0,
      STATX_TYPE_MODE_SIZE,
      result,
    );
    if (code < 0) return errnoName(-code);
    return { size: STATX.get(memory, result, "size"), mode: STATX.get(memory, result, "mode") };
  } finally {
    memory.release(mark);
  }
}

function head(sys: Sys, at: string): Uint8Array {
  try {
    return readBytes(sys, at, BUILD_ID_BYTES);
  } catch (error) {
    if (error instanceof SysError) return new Uint8Array();
    throw error;
  }
}

/** Whether a file that lost its name lives on under another one, which must then be there. */
export function judgeRemaps(context: RestoreContext): Item[] {
  const { facts } = context;
  if (ownNamespace(context, "mntNsId") && context.root === null) return [];
  const below = ownNamespace(context, "mntNsId") ? context.root!.replace(/\/+$/, "") : "";
  return [...facts.remaps.values()].filter(({ type }) => type === RemapType.LINKED).flatMap(({ id }) => {
    const file = facts.regFiles.find((one) => one.id === id);
    if (!file) return [];
    const at = pathOf(below, file);
    const found = stat(context.sys, at.bytes);
    return typeof found === "string"
      ? [
        need(
          `file.${at.shown}`,
          "there",
          found,
          "blocks",
          "the second name (--link-remap) of a deleted file is gone",
          "bring it here with the dump",
        ),
      ]
      : [];
  });
}
