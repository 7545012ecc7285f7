import type { Libc } from "./libc.ts";

/** poll(2) events. */
export const POLLIN = 1;
export const POLLOUT = 4;

const POLLFD_BYTES = 8; // struct pollfd { int fd; short events; short revents; }

/** A list of descriptors to wait for, in memory of its own: waiting goes on while others use the scratch memory. */
export class PollList {
  readonly #libc: Libc;
  readonly #at: number;
  #size = 0;

  /** Cuts room for `capacity` descriptors from the scratch memory, for good. */
  constructor(libc: Libc, readonly capacity: number) {
    this.#libc = libc;
    this.#at = libc.memory.alloc(capacity * POLLFD_BYTES);
  }

  clear(): void {
    this.#size = 0;
  }

  /** Adds a descriptor; `events` is POLLIN or POLLOUT. Returns the place by which `ready` knows it. */
  add(fd: number, events: number): number {
    if (this.#size === this.capacity) throw new RangeError("Cannot wait for more descriptors");
    const at = this.#at + this.#size * POLLFD_BYTES;
    const { memory } = this.#libc;
    memory.setI32(at, fd);
    memory.setU16(at + 4, events);
    memory.setU16(at + 6, 0);
    return this.#size++;
  }

  /** Whether something happened to the descriptor at a place: what was waited for, an error, or a hang-up. */
  ready(place: number): boolean {
    return this.#libc.memory.u16(this.#at + place * POLLFD_BYTES + 6) !== 0;
  }

  /** Waits, at most `timeoutMs` (-1: for ever), on another thread: signals and timers of this one go on meanwhile. */
  wait(timeoutMs = -1): Promise<number> {
    return this.#libc.poll(this.#at, this.#size, timeoutMs);
  }

  /** The same on this thread, which does nothing else meanwhile. */
  waitHere(timeoutMs = -1): number {
    const { memory } = this.#libc;
    const mark = memory.mark();
    let time = 0;
    if (timeoutMs >= 0) {
      time = memory.alloc(16); // struct timespec
      memory.setU64(time, Math.floor(timeoutMs / 1000));
      memory.setU64(time + 8, Math.floor(timeoutMs % 1000) * 1_000_000);
    }
    const result = this.#libc.syscall("ppoll", this.#at, this.#size, time, 0, 0);
    memory.release(mark);
    return result;
  }
}
