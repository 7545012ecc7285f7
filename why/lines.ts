/** A line longer than this is looked at in pieces: memory is bounded whatever the file holds. */
export const LONGEST_LINE = 64 * 1024;

const NEWLINE = 10;

/** Cuts a stream of bytes into lines, of which none is kept. */
export class LineSplitter {
  #rest: Uint8Array = new Uint8Array(0);

  /** Hands on every whole line of what is there by now, without its line break. The bytes are valid within the call. */
  push(bytes: Uint8Array, line: (bytes: Uint8Array) => void): void {
    let from = 0;
    if (this.#rest.length > 0) {
      const end = bytes.indexOf(NEWLINE);
      const upTo = end < 0 ? bytes.length : end;
      this.#rest = joined(this.#rest, bytes.subarray(0, upTo));
      from = upTo + 1;
      if (end < 0) {
        while (this.#rest.length > LONGEST_LINE) {
          line(this.#rest.subarray(0, LONGEST_LINE));
          this.#rest = this.#rest.slice(LONGEST_LINE);
        }
        return;
      }
      inPieces(this.#rest, line);
      this.#rest = new Uint8Array(0);
    }
    for (let end = bytes.indexOf(NEWLINE, from); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      inPieces(bytes.subarray(from, end), line);
      from = end + 1;
    }
    while (bytes.length - from > LONGEST_LINE) {
      line(bytes.subarray(from, from + LONGEST_LINE));
      from += LONGEST_LINE;
    }
    if (from < bytes.length) this.#rest = bytes.slice(from);
  }

  /** Hands on what stands behind the last line break. */
  end(line: (bytes: Uint8Array) => void): void {
    if (this.#rest.length > 0) inPieces(this.#rest, line);
    this.#rest = new Uint8Array(0);
  }
}

function inPieces(bytes: Uint8Array, line: (bytes: Uint8Array) => void): void {
  if (bytes.length === 0) return line(bytes);
  for (let from = 0; from < bytes.length; from += LONGEST_LINE) line(bytes.subarray(from, from + LONGEST_LINE));
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** A line that criu marks: where it is from and what it says. */
export interface MarkedLine {
  readonly level: "ERROR" | "WARN";
  /** The task that wrote it at restore, as numbered in its pid namespace; null for criu itself. */
  readonly pid: number | null;
  /** Source file, as `criu/files.c`. */
  readonly place: string;
  readonly text: string;
}

/** `(00.012345)    123: Error (criu/files.c:123): text`; an engine may have put its own words before it. */
const MARK = /(?:(\d+): )?(Error|Warn ) ?\(([\w/.+-]+):\d+\): (.*)/s;

/** Reads a marked line; undefined for any other. */
export function markedLine(line: string): MarkedLine | undefined {
  const match = MARK.exec(line);
  if (!match) return undefined;
  return {
    level: match[2] === "Error" ? "ERROR" : "WARN",
    pid: match[1] === undefined ? null : Number(match[1]),
    place: match[3]!,
    text: match[4]!,
  };
}

/** Bytes at which a line of criu's own log goes on behind its time, or -1 for a line that is none. */
export function afterTime(bytes: Uint8Array): number {
  if (bytes[0] !== 0x28) return -1; // (
  let at = 1;
  for (; at < 16; at++) {
    const byte = bytes[at];
    if (byte === 0x29) break; // )
    if (byte === undefined || ((byte < 0x30 || byte > 0x39) && byte !== 0x2e)) return -1;
  }
  if (bytes[at] !== 0x29) return -1;
  at++;
  while (bytes[at] === 0x20) at++;
  return at;
}
