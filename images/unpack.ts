import { SysError } from "../ffi/errno.ts";
import type { Sys } from "../ffi/sys.ts";
import { ImageError } from "./error.ts";

const CHUNK = 64 * 1024;
/** zstd's window, 2^26 bytes, is what a stream may make its reader keep. */
const WINDOW_LOG = 26;
/** An archive that grows beyond this is to be unpacked by hand first. */
const UNPACKED_LIMIT = 256 * 2 ** 30;
/** Memory dumps do not shrink so much; what does is made to keep its reader busy. */
const RATIO_LIMIT = 2000, RATIO_FROM = 2 ** 30;

type Format = "plain" | "gzip" | "zstd";

/** The bytes of a file, unpacked where it is gzip or zstd by its first bytes, in pieces. Throws `ImageError` or `SysError`. */
export async function* unpacked(sys: Sys, path: string): AsyncGenerator<Uint8Array> {
  const source = new Source(sys, path);
  try {
    const first = source.next();
    const format = formatOf(first);
    if (format === "plain") {
      for (let part = first; part.length > 0; part = source.next()) yield part;
      return;
    }
    yield* decompressed(path, format, first, source);
  } finally {
    source[Symbol.dispose]();
  }
}

function formatOf(first: Uint8Array): Format {
  const starts = (...bytes: number[]) => bytes.every((byte, i) => first[i] === byte);
  if (starts(0x1f, 0x8b)) return "gzip";
  return starts(0x28, 0xb5, 0x2f, 0xfd) ? "zstd" : "plain";
}

async function* decompressed(
  path: string,
  format: Format,
  first: Uint8Array,
  source: Source,
): AsyncGenerator<Uint8Array> {
  // deno-lint-ignore no-process-global -- importing it is what costs
  const zlib = process.getBuiltinModule("node:zlib");
  const stream = format === "gzip"
    ? zlib.createGunzip({ chunkSize: CHUNK })
    : zlib.createZstdDecompress({ chunkSize: CHUNK, params: { [zlib.constants.ZSTD_d_windowLogMax]: WINDOW_LOG } });
  let taken = 0, given = 0;
  const feed = async () => {
    for (let part = first; part.length > 0; part = source.next()) {
      taken += part.length;
      if (!stream.write(part)) await new Promise<void>((go) => stream.once("drain", go).once("close", go));
      if (stream.destroyed) return;
    }
    stream.end();
  };
  const fed = feed().catch((error) => void stream.destroy(error));
  try {
    for await (const part of stream as AsyncIterable<Uint8Array>) {
      given += part.length;
      if (given > UNPACKED_LIMIT || (given > RATIO_FROM && given > taken * RATIO_LIMIT)) {
        throw new ImageError(`${path} is refused: it unpacks to far more than a checkpoint, ${given} bytes and more`);
      }
      yield part;
    }
    await fed;
  } catch (error) {
    if (error instanceof ImageError || error instanceof SysError) throw error;
    throw new ImageError(`${path} cannot be unpacked: its ${format} data is broken or cut off`);
  } finally {
    stream.destroy();
  }
}

/** A file, read piece by piece. */
class Source implements Disposable {
  readonly #sys: Sys;
  readonly #fd;
  readonly #path: string;
  constructor(sys: Sys, path: string) {
    this.#sys = sys;
    this.#path = path;
    this.#fd = sys.open(path);
  }
  /** The next piece, a copy; empty at the end. */
  next(): Uint8Array {
    const { memory } = this.#sys;
    const mark = memory.mark();
    try {
      const at = memory.alloc(CHUNK);
      const size = this.#sys.try("read", this.#fd.number, at, CHUNK);
      if (size < 0) throw new SysError(`read(${this.#path})`, -size);
      return memory.bytes(at, size).slice();
    } finally {
      memory.release(mark);
    }
  }
  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]();
  }
}
