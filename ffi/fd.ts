import type { Sys } from "./sys.ts";

/** An open file descriptor with an owner: `using` closes it. */
export class Fd implements Disposable {
  readonly #sys: Sys;
  #open = true;
  constructor(
    sys: Sys,
    /** The descriptor's number, in the process that made the call. */
    readonly number: number,
  ) {
    this.#sys = sys;
  }
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#sys.try("close", this.number);
  }
}
