import type { Fd } from "../ffi/fd.ts";
import { EPOLLIN, type Poller } from "../ffi/poller.ts";
import { receive, send, socketPair } from "../ffi/socket.ts";
import type { Sys } from "../ffi/sys.ts";
import type { KeeperLink } from "./keeper_link.ts";
import { ProberError } from "./prober_error.ts";
import type { Answer, Question } from "./question.ts";

const LF = 10;

/** A prober process, which answers one question at a time. */
interface Prober {
  readonly pid: number;
  readonly socket: Fd;
  readonly decoder: TextDecoder;
  text: string;
  /** What it is asked now. */
  asked: Asked | null;
}

interface Asked {
  readonly question: Question;
  readonly tell: (answer: Answer) => void;
  readonly resolve: () => void;
  readonly reject: (error: ProberError) => void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** How many probers there may be, and how long each may take for an answer. */
export interface ProberLimits {
  readonly probers: number;
  readonly probe: number;
}

/**
 * The prober processes: one is kept ready, more are started while one is busy. A prober that does not answer in time,
 * or dies, fails the question that it was asked, and nothing else; another takes its place.
 */
export class Probers {
  readonly #sys: Sys;
  readonly #poller: Poller;
  readonly #keeper: KeeperLink;
  readonly #limits: ProberLimits;
  readonly #idle: Prober[] = [];
  readonly #queue: Asked[] = [];
  #busy = 0;

  constructor(sys: Sys, poller: Poller, keeper: KeeperLink, limits: ProberLimits) {
    this.#sys = sys;
    this.#poller = poller;
    this.#keeper = keeper;
    this.#limits = limits;
  }

  /** Asks a question; `tell` gets each answer as it comes. Rejects with `ProberError`. */
  ask(question: Question, tell: (answer: Answer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ question, tell, resolve, reject, timer: undefined });
      void this.#next();
    });
  }

  async #next(): Promise<void> {
    if (this.#busy >= this.#limits.probers) return;
    const asked = this.#queue.shift();
    if (!asked) return;
    this.#busy++;
    try {
      const ready = this.#idle.pop();
      // One that died while it had nothing to do is not asked, another is; the end of its socket is read in #read.
      if (ready && this.#put(ready, asked)) return;
      if (!this.#put(await this.#start(), asked)) throw new ProberError("PROBER_DIED", "The prober ended at once");
    } catch (error) {
      this.#busy--;
      if (!(error instanceof ProberError)) throw error;
      asked.reject(error);
      void this.#next();
    }
  }

  async #start(): Promise<Prober> {
    const [ours, theirs] = socketPair(this.#sys, "stream");
    using _theirs = theirs;
    let pid: number;
    try {
      pid = await this.#keeper.startProber(theirs);
    } catch (error) {
      ours[Symbol.dispose]();
      throw error;
    }
    const prober: Prober = { pid, socket: ours, decoder: new TextDecoder(), text: "", asked: null };
    this.#poller.add(ours.number, EPOLLIN, () => this.#read(prober));
    return prober;
  }

  /** Whether the prober is there to be asked. */
  #put(prober: Prober, asked: Asked): boolean {
    const line = new TextEncoder().encode(`${JSON.stringify(asked.question)}\n`);
    // It fits into the socket's buffer: a question is a few kB, and there is no other before it.
    if (send(this.#sys, prober.socket.number, line) !== line.length) return false;
    prober.asked = asked;
    this.#watch(prober, asked);
    return true;
  }

  /** The time to the next answer begins now. */
  #watch(prober: Prober, asked: Asked): void {
    clearTimeout(asked.timer);
    asked.timer = setTimeout(() => {
      void this.#fail(prober, "PROBE_TIMEOUT", `The prober gave no answer in ${this.#limits.probe} ms and was ended`);
    }, this.#limits.probe);
  }

  #read(prober: Prober): void {
    const bytes = receive(this.#sys, prober.socket.number);
    if (typeof bytes === "number" || bytes.length === 0) return void this.#fail(prober, "PROBER_DIED", "");
    prober.text += prober.decoder.decode(bytes, { stream: true });
    if (bytes.lastIndexOf(LF) < 0) return;
    const lines = prober.text.split("\n");
    prober.text = lines.pop()!;
    for (const line of lines) {
      const { asked } = prober;
      if (!asked) continue;
      const answer: Answer = JSON.parse(line);
      if (!("done" in answer)) {
        this.#watch(prober, asked);
        asked.tell(answer);
        continue;
      }
      clearTimeout(asked.timer);
      prober.asked = null;
      this.#release(prober);
      asked.resolve();
    }
  }

  /** One is kept for the next question. */
  #release(prober: Prober): void {
    this.#busy--;
    if (this.#idle.length === 0) this.#idle.push(prober);
    else void this.#dismiss(prober);
    void this.#next();
  }

  async #dismiss(prober: Prober): Promise<string> {
    this.#poller.remove(prober.socket.number);
    prober.socket[Symbol.dispose]();
    return await this.#keeper.endProber(prober.pid);
  }

  async #fail(prober: Prober, code: "PROBE_TIMEOUT" | "PROBER_DIED", message: string): Promise<void> {
    const { asked } = prober;
    prober.asked = null;
    const at = this.#idle.indexOf(prober);
    if (at >= 0) this.#idle.splice(at, 1);
    if (asked) {
      clearTimeout(asked.timer);
      this.#busy--;
    }
    const how = await this.#dismiss(prober);
    asked?.reject(new ProberError(code, message || `The prober ${how} before it answered`));
    void this.#next();
  }
}
