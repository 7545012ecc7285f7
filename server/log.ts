import type { Libc } from "../ffi/libc.ts";
import { tryWrite } from "../ffi/out.ts";
import type { Exchange } from "./http/connection.ts";
import { pathOf } from "./door.ts";

/** Lines that wait for a slow reader of the log; more are dropped and counted. */
const WAITING = 1000;
const RETRY_MS = 100;
const STDOUT = 1;

/** The request log: one JSON object a line on stdout. A reader who does not read never holds up the server. */
export class RequestLog {
  readonly #libc: Libc;
  #waiting: Uint8Array[] = [];
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
    const time = new Date().toISOString();
    this.#waiting.push(new TextEncoder().encode(`${JSON.stringify({ time, ...record })}\n`));
    if (this.#timer === undefined) this.#flush();
  }

  #flush(): void {
    this.#timer = undefined;
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      const written = tryWrite(this.#libc, STDOUT, first);
      if (written === "later") {
        this.#timer = setTimeout(() => this.#flush(), RETRY_MS);
        return;
      }
      // Nobody will ever read it: the log is off.
      if (written === "never" || written >= first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(written);
    }
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.event("log", { dropped });
    }
  }
}
