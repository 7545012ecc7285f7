import { Fd } from "./fd.ts";
import type { Sys } from "./sys.ts";
import { O_CLOEXEC, O_NONBLOCK } from "./uapi.ts";

/** The signals by which a server is asked to end. */
export type EndSignal = "SIGTERM" | "SIGINT" | "SIGHUP";

/**
 * Turns signals into something that can be waited for: the descriptor becomes readable when one came. They are heard
 * only while this thread is not busy; what is being done is done to its end.
 */
export class SignalFd implements Disposable {
  readonly #fd: Fd;
  readonly #listeners: [EndSignal, () => void][];
  #received: EndSignal | null = null;

  constructor(sys: Sys, signals: readonly EndSignal[]) {
    const mark = sys.memory.mark();
    this.#fd = sys.fd("eventfd2(0)", 0, O_CLOEXEC | O_NONBLOCK);
    sys.memory.release(mark);
    this.#listeners = signals.map((signal) => [signal, () => {
      this.#received ??= signal;
      const before = sys.memory.mark();
      const one = sys.memory.alloc(8);
      sys.memory.setU64(one, 1);
      sys.try("write", this.#fd.number, one, 8);
      sys.memory.release(before);
    }]);
    for (const [signal, listener] of this.#listeners) Deno.addSignalListener(signal, listener);
  }

  /** Readable once a signal came. */
  get number(): number {
    return this.#fd.number;
  }

  /** The first signal that came; null while none did. */
  get received(): EndSignal | null {
    return this.#received;
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
    this.#fd[Symbol.dispose]();
  }
}
