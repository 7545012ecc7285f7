import { send } from "../../ffi/socket.ts";
import type { Sys } from "../../ffi/sys.ts";

const EAGAIN = -11, EINTR = -4;
/** A stream is not read further while so much of it waits for the client. */
const HIGH_WATER_BYTES = 64 * 1024;

/** What is to be sent on a socket, and has not been taken yet. */
export class Outbox {
  readonly #sys: Sys;
  readonly #fd: number;
  #parts: Uint8Array[] = [];
  #waiting = 0;
  /** When the client last took something. */
  #progress = 0;
  #drained: (() => void) | undefined;

  constructor(sys: Sys, fd: number) {
    this.#sys = sys;
    this.#fd = fd;
  }

  /** Bytes that have not been taken. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Adds parts; small ones travel together. */
  add(parts: readonly Uint8Array[]): void {
    if (this.#waiting === 0) this.#progress = performance.now();
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    this.#waiting += size;
    if (parts.length === 1 || size > HIGH_WATER_BYTES) this.#parts.push(...parts);
    else {
      const together = new Uint8Array(size);
      let at = 0;
      for (const part of parts) {
        together.set(part, at);
        at += part.length;
      }
      this.#parts.push(together);
    }
  }

  /** Sends what is taken now; false when the client has gone. */
  flush(): boolean {
    while (this.#parts.length > 0) {
      const first = this.#parts[0]!;
      const sent = send(this.#sys, this.#fd, first);
      if (sent === EINTR) continue;
      if (sent === EAGAIN) break;
      if (sent < 0) return false;
      this.#progress = performance.now();
      this.#waiting -= sent;
      if (sent === first.length) this.#parts.shift();
      else this.#parts[0] = first.subarray(sent);
    }
    if (this.#waiting <= HIGH_WATER_BYTES / 2) this.#resume();
    return true;
  }

  /** Resolves when there is room for more. */
  drained(): Promise<void> | undefined {
    return this.#waiting > HIGH_WATER_BYTES ? new Promise((resolve) => this.#drained = resolve) : undefined;
  }

  /** Whether the client has taken nothing for so many milliseconds of what waits for it. */
  stalled(now: number, ms: number): boolean {
    return this.#waiting > 0 && now - this.#progress > ms;
  }

  /** Forgets what waits: nobody will take it. */
  drop(): void {
    this.#parts = [];
    this.#waiting = 0;
    this.#resume();
  }

  #resume(): void {
    this.#drained?.();
    this.#drained = undefined;
  }
}
