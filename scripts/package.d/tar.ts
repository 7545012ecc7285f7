/** Archives whose bytes depend on nothing but what is put in. */

/** A file, a folder (a path that ends with /) or a symbolic link of an archive. */
export interface Entry {
  /** Without a leading slash. */
  readonly path: string;
  readonly mode: number;
  readonly bytes?: Uint8Array;
  /** Where a symbolic link points to. */
  readonly link?: string;
}

const BLOCK = 512;

/** A tar archive (POSIX ustar) of entries in this order, all owned by root and of one time, in seconds since 1970. */
export function tar(entries: readonly Entry[], epoch: number): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const bytes = entry.bytes ?? new Uint8Array();
    parts.push(header(entry, bytes.length, epoch), bytes, new Uint8Array((BLOCK - bytes.length % BLOCK) % BLOCK));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The folders above these entries, and the entries, sorted by path. */
export function withFolders(entries: readonly Entry[]): Entry[] {
  const all = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path } of entries) {
    for (let at = path.indexOf("/"); at >= 0 && at < path.length - 1; at = path.indexOf("/", at + 1)) {
      const folder = path.slice(0, at + 1);
      if (!all.has(folder)) all.set(folder, { path: folder, mode: 0o755 });
    }
  }
  return [...all.values()].sort((a, b) => a.path < b.path ? -1 : 1);
}

function header({ path, mode, link }: Entry, size: number, epoch: number): Uint8Array {
  const block = new Uint8Array(BLOCK), encoder = new TextEncoder();
  const put = (at: number, text: string, length: number) => {
    const bytes = encoder.encode(text);
    if (bytes.length > length) throw new Error(`too long for tar: ${text}`);
    block.set(bytes, at);
  };
  const octal = (at: number, value: number, digits: number) => put(at, value.toString(8).padStart(digits, "0"), digits);
  put(0, path, 100);
  octal(100, mode, 7);
  octal(108, 0, 7);
  octal(116, 0, 7);
  octal(124, size, 11);
  octal(136, epoch, 11);
  put(148, "        ", 8);
  put(156, link !== undefined ? "2" : path.endsWith("/") ? "5" : "0", 1);
  if (link !== undefined) put(157, link, 100);
  put(257, "ustar\x0000", 8);
  put(265, "root", 32);
  put(297, "root", 32);
  octal(148, block.reduce((sum, byte) => sum + byte, 0), 6);
  put(154, "\0 ", 2);
  return block;
}
