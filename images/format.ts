import { ImageError } from "./error.ts";

/** First words of an image file, little-endian (CRIU's magic.h): images since version 1.1 have the common one first. */
const COMMON_MAGIC = 0x54564319;
/** CRIU's magic numbers, by the kind of image. */
export const MAGIC = {
  inventory: 0x58313116,
  pstree: 0x50273030,
  fdinfo: 0x56213732,
  core: 0x55053847,
  ids: 0x54432030,
  mm: 0x57492820,
  files: 0x56303138,
  "reg-files": 0x50363636,
  "ext-files": 0x59255641,
  inetsk: 0x56443851,
  unixsk: 0x54373943,
  "tty-info": 0x59453036,
  "remap-fpath": 0x59133954,
  memfd: 0x48453499,
  mountpoints: 0x55563928,
  netns: 0x55933752,
  netdev: 0x57373951,
  pidns: 0x61157326,
  userns: 0x55474906,
  cgroup: 0x59383330,
  cpuinfo: 0x61404013,
  seccomp: 0x64413049,
  creds: 0x54023547,
} as const;

/** A kind of image that cready reads; the file is KIND.img or KIND-NUMBER.img. */
export type ImageKind = keyof typeof MAGIC;

/** No message of CRIU is larger; a size beyond it is a fault of the file. */
const MESSAGE_LIMIT = 16 * 1024 * 1024;

/** The kind of an image file by its name; undefined for one that cready does not read, such as pages-1.img. */
export function kindOf(name: string): ImageKind | undefined {
  const kind = /^(.*?)(?:-[0-9a-f]+)?\.img$/.exec(name)?.[1];
  return kind !== undefined && Object.hasOwn(MAGIC, kind) ? kind as ImageKind : undefined;
}

/**
 * The messages of one image file, undecoded. Throws `ImageError` for another magic number, a size that does not fit or
 * a message that is cut off.
 */
export function* messagesOf(name: string, kind: ImageKind, bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number) => {
    if (at + 4 > bytes.length) throw new ImageError(`${name} is cut off: it ends after ${bytes.length} bytes`);
    return view.getUint32(at, true);
  };
  let at = 0;
  // The inventory, which tells the version, has only its own; so has every image of version 1.
  if (kind !== "inventory" && word(0) === COMMON_MAGIC) at = 4;
  if (word(at) !== MAGIC[kind]) {
    const found = `0x${word(at).toString(16).padStart(8, "0")}`;
    throw new ImageError(`${name} is no image of that name: its magic number is ${found}`);
  }
  at += 4;
  while (at < bytes.length) {
    const size = word(at);
    at += 4;
    if (size > MESSAGE_LIMIT) throw new ImageError(`${name} is broken: it has a message of ${size} bytes`);
    if (at + size > bytes.length) {
      throw new ImageError(`${name} is cut off: a message of ${size} bytes begins ${bytes.length - at} before its end`);
    }
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** An image file of one message, as CRIU writes it. */
export function imageOf(kind: ImageKind, message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + message.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, COMMON_MAGIC, true);
  view.setUint32(4, MAGIC[kind], true);
  view.setUint32(8, message.length, true);
  bytes.set(message, 12);
  return bytes;
}
