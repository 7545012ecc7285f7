import { SysError } from "../ffi/errno.ts";
import { entries, readFd } from "../ffi/files.ts";
import { struct } from "../ffi/struct.ts";
import type { Sys } from "../ffi/sys.ts";
import { AT_EMPTY_PATH, O_RDONLY } from "../ffi/uapi.ts";
import { ImageError } from "./error.ts";
import { kindOf } from "./format.ts";
import { Tar } from "./tar.ts";
import { unpacked } from "./unpack.ts";

/** A dump on disk: the image files that cready reads, by name. */
export interface Dump {
  /** As the caller named it. */
  readonly name: string;
  /** False for an archive. */
  readonly isFolder: boolean;
  /** Names of all image files, also of those that are not read. */
  readonly names: readonly string[];
  /** One image file; undefined where there is none of that name. Throws `ImageError`. */
  read(name: string): Uint8Array | undefined;
  /** What a container engine put beside the images, such as `config.dump`; empty for a bare folder of images. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
}

/** No image file that is read is larger: memory pages, which are, are not read. */
const IMAGE_LIMIT = 32 * 1024 * 1024;
/** What an archive may hold of them together. */
const ARCHIVE_LIMIT = 128 * 1024 * 1024;
/** Files of engines that tell where a checkpoint came from. */
const DOCUMENTS = ["config.dump", "spec.dump", "status", "descriptors.json"];
const DOCUMENT_LIMIT = 4 * 1024 * 1024;
/** Engines put the images into this folder of the archive. */
const CHECKPOINT = "checkpoint/";

const S_IFMT = 0o170000, S_IFDIR = 0o040000, S_IFREG = 0o100000;
const STATX_TYPE = 1;
const STATX = struct("statx", 256, { mode: [28, "u16"] });

/** Opens a folder of images, or a checkpoint archive (.tar, .tar.gz, .tar.zst). Throws `ImageError` or `SysError`. */
export async function openDump(sys: Sys, path: string): Promise<Dump> {
  const kind = kindOfFile(sys, path);
  if (kind === S_IFDIR) return folder(sys, path);
  if (kind !== S_IFREG) throw new ImageError(`${path} is neither a folder of images nor a checkpoint archive`);
  return await archive(sys, path);
}

function kindOfFile(sys: Sys, path: string): number {
  using fd = sys.open(path, O_RDONLY);
  return typeOf(sys, fd.number);
}

function typeOf(sys: Sys, fd: number): number {
  const { memory } = sys;
  const mark = memory.mark();
  const stat = STATX.pack(memory);
  const result = sys.try("statx", fd, memory.cstring(""), AT_EMPTY_PATH, STATX_TYPE, stat);
  const mode = STATX.get(memory, stat, "mode");
  memory.release(mark);
  if (result < 0) throw new SysError("statx()", -result);
  return mode & S_IFMT;
}

function folder(sys: Sys, path: string): Dump {
  const names = entries(sys, path).filter((name) => name.endsWith(".img")).sort();
  if (!names.includes("inventory.img")) {
    throw new ImageError(`${path} is no folder of CRIU's images: inventory.img is not there`);
  }
  return {
    name: path,
    isFolder: true,
    names,
    documents: new Map(),
    read(name) {
      if (!names.includes(name)) return undefined;
      // A link could lead anywhere, and CRIU makes none in place of an image.
      using fd = sys.open(`${path}/${name}`, O_RDONLY | sys.arch.oNofollow);
      if (typeOf(sys, fd.number) !== S_IFREG) throw new ImageError(`${name} is no regular file`);
      return limited(name, readFd(sys, fd.number, name, IMAGE_LIMIT + 1));
    },
  };
}

function limited(name: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length > IMAGE_LIMIT) throw new ImageError(`${name} is larger than any image of that kind`);
  return bytes;
}

async function archive(sys: Sys, path: string): Promise<Dump> {
  const images = new Map<string, Uint8Array>();
  const documents = new Map<string, Uint8Array>();
  const names = new Set<string>();
  let total = 0;
  const keep = (into: Map<string, Uint8Array>, name: string, size: number, limit: number) => {
    total += size;
    if (size > limit) throw new ImageError(`${path}: ${name} is larger than any file of that kind`);
    if (total > ARCHIVE_LIMIT) {
      throw new ImageError(`${path} has more than ${ARCHIVE_LIMIT >> 20} MB of images beside memory`);
    }
    if (into.has(name)) throw new ImageError(`${path} has ${name} twice`);
    const bytes = new Uint8Array(size);
    into.set(name, bytes);
    let at = 0;
    return (part: Uint8Array) => {
      bytes.set(part, at);
      at += part.length;
    };
  };
  const tar = new Tar(path, ({ name, kind, size }) => {
    const image = name.startsWith(CHECKPOINT) && name.endsWith(".img") ? name.slice(CHECKPOINT.length) : undefined;
    if ((image === undefined || image.includes("/")) && !DOCUMENTS.includes(name)) return undefined;
    if (kind !== "file") throw new ImageError(`${path} is refused: ${name} is no regular file in it`);
    if (image === undefined) return keep(documents, name, size, DOCUMENT_LIMIT);
    if (names.size >= NAMES_LIMIT) throw new ImageError(`${path} has more than ${NAMES_LIMIT} images`);
    names.add(image);
    return kindOf(image) ? keep(images, image, size, IMAGE_LIMIT) : undefined;
  });
  for await (const part of unpacked(sys, path)) tar.push(part);
  tar.end();
  if (!images.has("inventory.img")) {
    throw new ImageError(`${path} is no checkpoint archive: checkpoint/inventory.img is not in it`);
  }
  return { name: path, isFolder: false, names: [...names].sort(), documents, read: (name) => images.get(name) };
}

const NAMES_LIMIT = 100_000;
