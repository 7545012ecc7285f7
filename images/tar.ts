import { ImageError } from "./error.ts";

const BLOCK = 512;
/** No name, and no extended header, is longer. */
const EXTENDED_LIMIT = 1 << 20;

/** One entry of a tar archive. */
export interface TarEntry {
  /** Relative, without `.` parts; never with `..`. */
  readonly name: string;
  readonly kind: "file" | "folder" | "link" | "other";
  /** Bytes of its content. */
  readonly size: number;
}

/** Takes the content of one entry, piece by piece. */
export type Sink = (bytes: Uint8Array) => void;

/**
 * Reads a tar archive (ustar, with pax and GNU headers for long names) that is pushed into it in pieces of any size.
 * Nothing is kept but one header. Throws `ImageError` for what is no archive, one that is cut off, and a name that
 * leaves the archive.
 */
export class Tar {
  readonly #onEntry: (entry: TarEntry) => Sink | undefined;
  readonly #header = new Uint8Array(BLOCK);
  #filled = 0;
  #left = 0;
  #padding = 0;
  #sink: Sink | undefined;
  /** The content of an extended header that describes the next entry. */
  #extended: { readonly type: string; readonly parts: Uint8Array[] } | undefined;
  #pax: ReadonlyMap<string, string> = new Map();
  #longName: string | undefined;
  #ended = false;
  #entries = 0;

  constructor(
    readonly name: string,
    onEntry: (entry: TarEntry) => Sink | undefined,
  ) {
    this.#onEntry = onEntry;
  }

  /** Takes the next piece. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#ended) {
      if (this.#left > 0) {
        const part = bytes.subarray(at, at + Math.min(this.#left, bytes.length - at));
        this.#sink?.(part);
        at += part.length;
        this.#left -= part.length;
        if (this.#left === 0) this.#finishEntry();
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, bytes.length - at);
        at += skipped;
        this.#padding -= skipped;
      } else {
        const part = bytes.subarray(at, at + BLOCK - this.#filled);
        this.#header.set(part, this.#filled);
        this.#filled += part.length;
        at += part.length;
        if (this.#filled === BLOCK) {
          this.#filled = 0;
          this.#readHeader();
        }
      }
    }
  }

  /** Says that there is no more. */
  end(): void {
    if (this.#entries === 0 && !this.#ended) throw new ImageError(`${this.name} is no tar archive`);
    // Without the zeros at its end nobody can say that nothing is missing.
    if (!this.#ended) throw new ImageError(`${this.name} is cut off`);
  }

  #readHeader(): void {
    const header = this.#header;
    if (header.every((byte) => byte === 0)) {
      if (this.#entries === 0) throw new ImageError(`${this.name} is no tar archive: it begins with zeros`);
      this.#ended = true;
      return;
    }
    const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
    if (sum !== this.#number(148, 8)) {
      throw new ImageError(`${this.name} is no tar archive, or is broken: the checksum of a header is wrong`);
    }
    this.#entries++;
    const type = String.fromCharCode(header[156]!);
    const told = this.#pax.get("size");
    const size = told !== undefined && "xgLK".indexOf(type) < 0 ? Number(told) : this.#number(124, 12);
    if (!Number.isSafeInteger(size) || size < 0) throw new ImageError(`${this.name} is broken: an entry has no size`);
    this.#padding = (BLOCK - size % BLOCK) % BLOCK;
    if ("xgLK".includes(type)) {
      if (size > EXTENDED_LIMIT) throw new ImageError(`${this.name} is broken: a header of ${size} bytes`);
      const parts: Uint8Array[] = [];
      this.#extended = { type, parts };
      this.#sink = (part) => void parts.push(part.slice());
      this.#left = size;
      if (size === 0) this.#finishEntry();
      return;
    }
    const prefix = this.#text(257, 5) === "ustar" ? this.#text(345, 155) : "";
    const own = prefix ? `${prefix}/${this.#text(0, 100)}` : this.#text(0, 100);
    const name = this.#clean(this.#pax.get("path") ?? this.#longName ?? own);
    this.#pax = new Map();
    this.#longName = undefined;
    const kind = type === "0" || type === "\0" || type === "7"
      ? "file"
      : type === "5"
      ? "folder"
      : type === "1" || type === "2"
      ? "link"
      : "other";
    // Links and devices have no content, whatever their size says.
    this.#left = kind === "file" || kind === "other" && !"346".includes(type) ? size : 0;
    if (this.#left === 0) this.#padding = 0;
    this.#sink = this.#onEntry({ name, kind, size: this.#left });
    if (this.#left === 0) this.#finishEntry();
  }

  #finishEntry(): void {
    const extended = this.#extended;
    this.#extended = undefined;
    this.#sink = undefined;
    if (!extended) return;
    const bytes = new Uint8Array(extended.parts.reduce((sum, part) => sum + part.length, 0));
    extended.parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
    const text = new TextDecoder().decode(bytes);
    if (extended.type === "x") this.#pax = pax(text);
    else if (extended.type === "L") this.#longName = text.replace(/\0.*$/s, "");
  }

  /** A path without `.` parts and doubled slashes. Throws for one that leads out of the archive. */
  #clean(path: string): string {
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    if (path.startsWith("/") || parts.includes("..") || path.includes("\0")) {
      throw new ImageError(`${this.name} is refused: it has an entry that leads out of it, ${path}`);
    }
    return parts.join("/");
  }

  #text(at: number, size: number): string {
    const bytes = this.#header.subarray(at, at + size);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** An octal number, or one in base 256 where its first bit is set; NaN for neither. */
  #number(at: number, size: number): number {
    if (this.#header[at]! & 0x80) {
      const bytes = this.#header.subarray(at, at + size);
      return bytes.reduce((value, byte, i) => value * 256 + (i === 0 ? byte & 0x7f : byte), 0);
    }
    const text = this.#text(at, size).trim();
    return text === "" ? 0 : /^[0-7]+$/.test(text) ? parseInt(text, 8) : NaN;
  }
}

/** The records of a pax header: `LENGTH KEY=VALUE\n`; what has another form is passed over. */
function pax(text: string): Map<string, string> {
  const records = new Map<string, string>();
  for (const line of text.split("\n")) {
    const found = /^\d+ ([^=]+)=(.*)$/s.exec(line);
    if (found) records.set(found[1]!, found[2]!);
  }
  return records;
}
