import { Fd } from "../../ffi/fd.ts";
import { EPOLLIN, type Poller } from "../../ffi/poller.ts";
import { accept, receive, send } from "../../ffi/socket.ts";
import type { Sys } from "../../ffi/sys.ts";
import { errorResponse } from "./message.ts";
import { Connection } from "./connection.ts";
import type { ConnectionLimits, Handler } from "./handler.ts";
import { headText } from "./response_head.ts";

const SWEEP_MS = 250;
/** No more are taken in one turn, so that the others get theirs. */
const ACCEPTS = 64;
/** After the kernel had no descriptor left. */
const PAUSE_MS = 100;

const FULL = (() => {
  const refusal = errorResponse(503, "TOO_MANY_CONNECTIONS", "There are too many connections; try again later", {
    "retry-after": "1",
  });
  return new TextEncoder().encode(
    headText(refusal, { "content-length": String(String(refusal.body).length) }, false) + refusal.body,
  );
})();

/** How many connections there may be, and what each may do. */
export interface ServerLimits extends ConnectionLimits {
  readonly connections: number;
}

/** Serves HTTP/1.1 on listening sockets. */
export class HttpServer {
  readonly #sys: Sys;
  readonly #poller: Poller;
  readonly #limits: ServerLimits;
  readonly #listeners: Fd[] = [];
  readonly #connections = new Set<Connection>();
  readonly #sweeper: ReturnType<typeof setInterval>;
  #stopped: (() => void) | undefined;

  constructor(sys: Sys, poller: Poller, limits: ServerLimits) {
    this.#sys = sys;
    this.#poller = poller;
    this.#limits = limits;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** Takes connections of a listening socket from now on. */
  serve(socket: Fd, tcp: boolean, handler: Handler): void {
    this.#listeners.push(socket);
    this.#poller.add(socket.number, EPOLLIN, () => this.#accept(socket, tcp, handler));
  }

  /** Takes no more connections and ends streams; resolves when every answer has been given. */
  stop(): Promise<void> {
    for (const socket of this.#listeners.splice(0)) {
      this.#poller.remove(socket.number);
      socket[Symbol.dispose]();
    }
    for (const connection of [...this.#connections]) connection.stop();
    return new Promise((resolve) => {
      this.#stopped = () => {
        clearInterval(this.#sweeper);
        resolve();
      };
      if (this.#connections.size === 0) this.#stopped();
    });
  }

  #accept(socket: Fd, tcp: boolean, handler: Handler): void {
    for (let i = 0; i < ACCEPTS; i++) {
      const fd = accept(this.#sys, socket.number, tcp);
      if (fd < 0) {
        const none = [-11, /* EAGAIN */ -4, /* EINTR */ -103 /* ECONNABORTED */].includes(fd);
        if (!none) this.#pause(socket);
        return;
      }
      const owned = new Fd(this.#sys, fd);
      if (this.#connections.size >= this.#limits.connections) {
        // What the client has sent is taken first: it would not see the answer otherwise.
        receive(this.#sys, fd);
        send(this.#sys, fd, FULL);
        owned[Symbol.dispose]();
        continue;
      }
      const connection: Connection = new Connection(this.#sys, this.#poller, owned, handler, this.#limits, () => {
        this.#connections.delete(connection);
        if (this.#connections.size === 0) this.#stopped?.();
      });
      this.#connections.add(connection);
    }
  }

  /** There is no descriptor for a new connection: looking again at once would be a busy loop. */
  #pause(socket: Fd): void {
    this.#poller.change(socket.number, 0);
    setTimeout(() => {
      if (this.#listeners.includes(socket)) this.#poller.change(socket.number, EPOLLIN);
    }, PAUSE_MS);
  }

  #sweep(): void {
    const now = performance.now();
    for (const connection of [...this.#connections]) connection.sweep(now);
  }
}
