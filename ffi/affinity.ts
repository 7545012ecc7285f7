import type { Sys } from "./sys.ts";

/** Room for the mask of 8192 processors, more than any kernel has (CONFIG_NR_CPUS). */
const MASK_BYTES = 1024;

/**
 * Keeps this thread, and the children it makes, on the processor where it is now, until it is disposed of. A traced
 * child and its tracer run in turn: on one processor that is a switch, on two it is an interrupt each way, half as
 * fast. Where the kernel refuses, nothing changes.
 */
export class Affinity implements Disposable {
  readonly #sys: Sys;
  readonly #before: Uint8Array | undefined;

  constructor(sys: Sys) {
    this.#sys = sys;
    const { memory } = sys;
    const mark = memory.mark();
    const mask = memory.alloc(MASK_BYTES);
    const size = sys.try("sched_getaffinity", 0, MASK_BYTES, mask);
    const cpu = memory.alloc(4);
    if (size > 0 && sys.try("getcpu", cpu, 0, 0) === 0) {
      const before = memory.bytes(mask, size).slice();
      const here = memory.u32(cpu);
      memory.bytes(mask, size).fill(0);
      memory.setU8(mask + (here >> 3), 1 << (here & 7));
      if (sys.try("sched_setaffinity", 0, size, mask) === 0) this.#before = before;
    }
    memory.release(mark);
  }

  [Symbol.dispose](): void {
    if (!this.#before) return;
    const { memory } = this.#sys;
    const mark = memory.mark();
    const mask = memory.store(this.#before);
    this.#sys.try("sched_setaffinity", 0, this.#before.length, mask);
    memory.release(mark);
  }
}
