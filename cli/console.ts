import { SysError } from "../ffi/errno.ts";
import type { Libc } from "../ffi/libc.ts";
import { isTerminal, terminalColumns, writeAll } from "../ffi/out.ts";
import { folded, type Level, type LogLine } from "../report/text.ts";
import { AT_FDCWD, O_APPEND, O_CLOEXEC, O_CREAT, O_TRUNC, O_WRONLY } from "../ffi/uapi.ts";
import { shown, UsageError } from "./usage.ts";

const STDOUT = 1;
const STDERR = 2;

/** stdout, stderr and the log of one run; the only place from which anything is printed. */
export class Console {
  readonly #libc: Libc;
  #log = STDERR;
  #lines = "";
  /** Whether stderr is a terminal: then people get more lines, colour and progress. */
  readonly interactive: boolean;
  readonly #colour: boolean;
  readonly #progress: boolean;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.interactive = isTerminal(libc, STDERR);
    this.#progress = this.interactive && libc.getenv("TERM") !== "dumb";
    this.#colour = this.#progress && !libc.getenv("NO_COLOR");
  }

  /** Sends the log to a file, truncated, mode 0600; `-` is stdout. Throws `UsageError` when it cannot be opened. */
  logTo(path: string): void {
    if (path === "-") {
      this.#log = STDOUT;
      return;
    }
    const { memory } = this.#libc;
    const flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC;
    const fd = this.#libc.syscall("openat", AT_FDCWD, memory.cstring(path), flags, 0o600);
    if (fd < 0) throw new UsageError(`Can't create log file ${shown(path)}: ${new SysError("", -fd).code}`);
    this.#log = fd;
  }

  /** Writes to stdout. */
  out(text: string): void {
    writeAll(this.#libc, STDOUT, text);
  }

  /** Writes one log line, and on a terminal its first word in colour. */
  log({ level, text }: LogLine): void {
    this.detail(this.#log === STDERR && this.#colour ? coloured(level, text) : text);
  }

  /** Writes an indented or other line without a prefix to the log. */
  detail(text: string): void {
    if (this.#log === STDERR) this.#toStderr(`${this.interactive ? folded(text, this.#columns) : text}\n`);
    else writeAll(this.#libc, this.#log, `${text}\n`);
  }

  #width: number | undefined;
  get #columns(): number {
    return this.#width ??= terminalColumns(this.#libc, STDERR);
  }

  /** As in criu, a stderr that takes nothing, such as a full disk, keeps no answer from stdout. */
  #toStderr(text: string): void {
    try {
      writeAll(this.#libc, STDERR, text);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
    }
  }

  /** Shows one line of progress on a terminal, over the last one. */
  progress(text: string): void {
    if (!this.#progress || this.#log !== STDERR) return;
    this.#lines = text;
    this.#toStderr(`\r\x1b[K${text}`);
  }

  /** Takes the line of progress away. */
  clearProgress(): void {
    if (!this.#lines) return;
    this.#lines = "";
    this.#toStderr("\r\x1b[K");
  }
}

const COLOURS: Readonly<Record<Level, number>> = { 1: 31, 2: 33, 3: 2 };

/** Colour is on the first word only, which says the same without it. */
function coloured(level: Level, text: string): string {
  const end = text.indexOf(" ");
  return `\x1b[${COLOURS[level]}m${text.slice(0, end)}\x1b[0m${text.slice(end)}`;
}
