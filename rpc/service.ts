import { SysError } from "../ffi/errno.ts";
import type { Libc } from "../ffi/libc.ts";
import { POLLIN, PollList, POLLOUT } from "../ffi/poll.ts";
import { accept } from "../ffi/seqpacket.ts";
import type { SignalFd } from "../ffi/signals.ts";
import { Sys } from "../ffi/sys.ts";
import { type AnswerOptions, Answers } from "./answers.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Entry, Exchange } from "./exchange.ts";

/** No more clients at once; the one that said nothing for longest makes room for the next. */
const MOST_CLIENTS = 1024;
/** Descriptors that are kept free for the probes. */
const KEPT_FREE = 64;
/** Clients taken in before those that are there are looked at again. */
const ACCEPTED_AT_ONCE = 64;
/** How long nobody is taken in when there is no descriptor, nor a client to close for one, in milliseconds. */
const SHORTAGE_MS = 200;
const RLIMIT_NOFILE = 7;

/** Told what happens. */
export type Log = (entry: Entry) => void;

/**
 * Answers all clients of a socket, from one thread, until one of the signals; returns its name. All
 * requests that have arrived are read before the first of them is answered, so one run of the probes serves them all.
 */
export async function serve(
  libc: Libc,
  endpoint: Endpoint,
  signals: SignalFd,
  options: AnswerOptions,
  log: Log,
): Promise<string> {
  const sys = new Sys(libc, []);
  const clients = new Clients(sys, log);
  const list = new PollList(libc, clients.most + 2);
  try {
    while (signals.received === null) {
      list.clear();
      list.add(signals.number, POLLIN);
      const door = clients.short ? null : list.add(endpoint.socket.number, POLLIN);
      const waiting = clients.all().map((client) => ({
        client,
        place: list.add(client.number, client.sending ? POLLOUT : POLLIN),
      }));
      await list.wait(clients.short ? SHORTAGE_MS : -1);
      clients.short = false;
      const asking = waiting.flatMap(({ client, place }) => list.ready(place) && client.advance() ? [client] : []);
      // Closed before others come, so that they find room.
      clients.dismiss();
      if (door !== null && list.ready(door)) asking.push(...clients.welcome(endpoint));
      if (asking.length > 0) {
        using answers = new Answers(libc, options);
        for (const client of asking) {
          clients.heard(client);
          log(client.answer(answers));
        }
      }
      clients.dismiss();
    }
    return signals.received;
  } finally {
    clients[Symbol.dispose]();
  }
}

/** The connections that are open, the one that was heard of last at the end. */
class Clients implements Disposable {
  readonly #sys: Sys;
  readonly #log: Log;
  readonly #open = new Set<Exchange>();
  /** How many there can be. */
  readonly most: number;
  /** The last one could not be taken in for want of descriptors. */
  short = false;

  constructor(sys: Sys, log: Log) {
    this.#sys = sys;
    this.#log = log;
    this.most = Math.max(4, Math.min(MOST_CLIENTS, descriptors(sys) - KEPT_FREE));
  }

  all(): Exchange[] {
    return [...this.#open];
  }

  /** Takes in who waits at the door; returns those that have asked already. */
  welcome(endpoint: Endpoint): Exchange[] {
    const asking: Exchange[] = [];
    for (let i = 0; i < ACCEPTED_AT_ONCE; i++) {
      if (this.#open.size >= this.most && !this.#makeRoom()) break;
      const socket = accept(this.#sys, endpoint.socket);
      // Nobody more, one that left again, or no descriptor to be had: then closing others helps.
      if (typeof socket === "number") {
        if (!isShortage(socket)) break;
        // A descriptor is asked for before it is known whether anybody waits: only the first has been seen to.
        if (i > 0) break;
        if (this.#makeRoom()) {
          i--;
          continue;
        }
        this.short = true;
        break;
      }
      try {
        const client = new Exchange(this.#sys, socket);
        this.#open.add(client);
        if (client.advance()) asking.push(client);
      } catch (error) {
        if (!(error instanceof SysError)) throw error;
      }
    }
    return asking;
  }

  /** It is the last now to be closed for another. */
  heard(client: Exchange): void {
    this.#open.delete(client);
    this.#open.add(client);
  }

  /** Closes those that are through. */
  dismiss(): void {
    for (const client of this.#open) {
      if (!client.over) continue;
      if (client.fault !== null && !client.told) this.#tell(client, client.fault);
      this.#close(client);
    }
  }

  /** Closes the one that said nothing for longest, but none whose request was read. */
  #makeRoom(): boolean {
    for (const client of this.#open) {
      if (client.asking) continue;
      this.#tell(client, "closed to make room for others");
      this.#close(client);
      return true;
    }
    return false;
  }

  #tell({ peer }: Exchange, message: string): void {
    this.#log({ peer, request: null, success: null, message });
  }

  #close(client: Exchange): void {
    this.#open.delete(client);
    client[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const client of this.#open) this.#close(client);
  }
}

/** ENFILE, EMFILE, ENOBUFS, ENOMEM. */
function isShortage(result: number): boolean {
  return [-23, -24, -105, -12].includes(result);
}

/** How many descriptors this process may have. */
function descriptors(sys: Sys): number {
  const { memory } = sys;
  const mark = memory.mark();
  const limit = memory.alloc(16); // struct rlimit64
  const result = sys.try("prlimit64", 0, RLIMIT_NOFILE, 0, limit);
  const soft = Number(memory.u64(limit));
  memory.release(mark);
  return result < 0 ? MOST_CLIENTS : soft;
}
