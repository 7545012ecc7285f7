import type { Libc } from "../ffi/libc.ts";
import { tryWrite } from "../ffi/out.ts";
import type { Exchange } from "./http/handler.ts";
import { pathOf } from "./door.ts";

/** Lines that wait for a slow reader of the log; more are dropped and counted. */
const WAITING = 1000;
const RETRY_MS = 100;
/** Lines of so long go out together: a write for each would cost a tenth of a small answer. */
const TOGETHER_MS = 20;
const STDOUT = 1;

/** The request log: one JSON object a line on stdout. A reader who does not read never holds up the server. */
export class RequestLog {
  readonly #libc: Libc;
  #waiting: string[] = [];
  /** What is being written. */
  #rest: Uint8Array = new Uint8Array();
  #dropped = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Notes what became of a request: never what was asked, nor any header. */
  exchange(door: string, { head, status, code, bytes, durationMs }: Exchange): void {
    this.#line({
      door,
      method: head?.method ?? null,
      path: head ? pathOf(head).slice(0, 200) : null,
      status,
      code,
      bytes,
      durationMs: Math.round(durationMs * 1000) / 1000,
    });
  }

  /** Notes something that is no request, such as a fault of the server's own. */
  event(event: string, details: Readonly<Record<string, unknown>> = {}): void {
    this.#line({ event, ...details });
  }

  #line(record: Record<string, unknown>): void {
    if (this.#waiting.length >= WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(`${JSON.stringify({ time: new Date().toISOString(), ...record })}\n`);
    this.#timer ??= setTimeout(() => this.flush(), TOGETHER_MS);
  }

  /** Writes what waits, as far as it is taken. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#rest.length > 0 || this.#waiting.length > 0) {
      if (this.#rest.length === 0) this.#rest = new TextEncoder().encode(this.#waiting.splice(0).join(""));
      const written = tryWrite(this.#libc, STDOUT, this.#rest);
      if (written === "later") {
        this.#timer = setTimeout(() => this.flush(), RETRY_MS);
        return;
      }
      // Nobody will ever read it: the log is off.
      this.#rest = written === "never" ? new Uint8Array() : this.#rest.subarray(written);
    }
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.event("log", { dropped });
    }
  }
}
