import type { Fd } from "../../ffi/fd.ts";
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP, type Poller } from "../../ffi/poller.ts";
import { receive } from "../../ffi/socket.ts";
import type { Sys } from "../../ffi/sys.ts";
import type { ConnectionLimits, Handler } from "./handler.ts";
import { HttpFault, type HttpRequest, type HttpResponse, type RequestHead } from "./message.ts";
import { Outbox } from "./outbox.ts";
import { RequestParser } from "./parser.ts";
import { headText } from "./response_head.ts";

const EAGAIN = -11, EINTR = -4;
const SHUT_WR = 1;
/** After a refusal the rest of a request is read and dropped for so long, else the client would not see the answer. */
const LINGER_MS = 2000;

const ENCODER = new TextEncoder();
const LAST_CHUNK = ENCODER.encode("0\r\n\r\n");
const CONTINUE = ENCODER.encode("HTTP/1.1 100 Continue\r\n\r\n");

/** One connection of a client: its requests are answered one after the other. */
export class Connection {
  readonly #sys: Sys;
  readonly #poller: Poller;
  readonly #fd: Fd;
  readonly #handler: Handler;
  readonly #limits: ConnectionLimits;
  readonly #closed: () => void;
  readonly #parser: RequestParser;
  #state: "reading" | "answering" | "lingering" | "closed" = "reading";
  #interest = 0;
  readonly #out: Outbox;
  /** When the present state ends at the latest. */
  #until: number;
  #gone: AbortController | undefined;
  #streaming = false;
  #halfClosed = false;
  #stopping = false;
  #continued = false;

  constructor(
    sys: Sys,
    poller: Poller,
    fd: Fd,
    handler: Handler,
    limits: ConnectionLimits,
    closed: () => void,
  ) {
    this.#sys = sys;
    this.#poller = poller;
    this.#fd = fd;
    this.#handler = handler;
    this.#limits = limits;
    this.#closed = closed;
    this.#parser = new RequestParser(limits);
    this.#out = new Outbox(sys, fd.number);
    this.#until = performance.now() + limits.arrival;
    this.#interest = EPOLLIN | EPOLLRDHUP;
    poller.add(fd.number, this.#interest, (events) => this.#ready(events));
  }

  /** Looks whether something takes too long; called now and then. */
  sweep(now: number): void {
    if (this.#out.stalled(now, this.#limits.stall)) return this.close();
    if (this.#state === "lingering" && now > this.#until) return this.close();
    if (this.#state !== "reading" || now <= this.#until) return;
    // It may be this process that was late: what has arrived by now counts.
    this.#read();
    if (this.#isClosed() || this.#state !== "reading" || now <= this.#until) return;
    if (!this.#parser.begun) return this.close();
    this.#refuse(
      this.#handler.fault(new HttpFault(408, "REQUEST_TOO_SLOW", "The request did not arrive in time")),
      null,
    );
  }

  /** Ends it when the present answer is given; at once where there is none, and streams are ended. */
  stop(): void {
    this.#stopping = true;
    if (this.#state === "reading") this.close();
    else if (this.#streaming) this.#gone?.abort();
  }

  /** Ends it now. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#poller.remove(this.#fd.number);
    this.#fd[Symbol.dispose]();
    this.#gone?.abort();
    this.#out.drop();
    this.#closed();
  }

  #ready(events: number): void {
    if (events & EPOLLERR || (events & EPOLLHUP && events & EPOLLOUT)) return this.close();
    if (events & EPOLLOUT) this.#flush();
    if (this.#state === "closed") return;
    if (events & EPOLLIN && this.#state !== "answering") return this.#read();
    if (events & (EPOLLRDHUP | EPOLLHUP)) {
      // Nothing more will come. A request that has come is answered; a stream, which is watched, is ended.
      this.#halfClosed = true;
      if (this.#state !== "answering" || events & EPOLLHUP) this.close();
      else {
        if (this.#streaming) this.#gone?.abort();
        this.#watch();
      }
    }
  }

  #read(): void {
    const bytes = receive(this.#sys, this.#fd.number);
    if (typeof bytes === "number") {
      if (bytes !== EAGAIN && bytes !== EINTR) this.close();
      return;
    }
    if (bytes.length === 0) return this.close();
    if (this.#state === "lingering") return;
    if (!this.#parser.begun) this.#until = performance.now() + this.#limits.arrival;
    this.#parser.push(bytes);
    this.#next();
  }

  /** Answers the next request if it is there. */
  #next(): void {
    let head: RequestHead | undefined;
    try {
      head = this.#parser.head();
      if (!head) return;
      const refusal = this.#handler.refuse(head);
      if (refusal) return this.#refuse(refusal, head);
      const request = this.#parser.request();
      if (request) void this.#answer(request);
      else this.#continue(head);
    } catch (error) {
      if (!(error instanceof HttpFault)) throw error;
      this.#refuse(this.#handler.fault(error), head ?? null);
    }
  }

  /** A client may wait with its body until it is told that it may come. */
  #continue({ headers, version }: RequestHead): void {
    if (this.#continued || version !== "1.1" || headers.get("expect")?.toLowerCase() !== "100-continue") return;
    this.#continued = true;
    this.#write(CONTINUE);
  }

  async #answer(request: HttpRequest): Promise<void> {
    const start = performance.now();
    this.#state = "answering";
    this.#continued = false;
    this.#gone = new AbortController();
    this.#watch();
    const response = await this.#handler.answer(request, this.#gone);
    if (this.#isClosed()) {
      if (response.body instanceof ReadableStream) await response.body.cancel().catch(() => {});
      return this.#tell(request, 499, "CLIENT_GONE", 0, start);
    }
    const keepAlive = request.keepAlive && !this.#stopping && !this.#halfClosed;
    const bytes = response.body instanceof ReadableStream
      ? await this.#stream(request, response, response.body, keepAlive)
      : this.#whole(request, response, response.body, keepAlive);
    this.#tell(request, response.status, response.code ?? null, bytes, start);
    this.#gone = undefined;
    if (this.#isClosed()) return;
    if (!keepAlive || this.#stopping) return this.#linger();
    this.#state = "reading";
    this.#until = performance.now() + (this.#parser.begun ? this.#limits.arrival : this.#limits.idle);
    this.#watch();
    this.#next();
  }

  /** TypeScript takes a state that was seen before an await for the present one. */
  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #whole(request: RequestHead, response: HttpResponse, body: string | Uint8Array, keepAlive: boolean): number {
    const bytes = typeof body === "string" ? ENCODER.encode(body) : body;
    const head = headText(response, { "content-length": String(bytes.length) }, keepAlive);
    const start = ENCODER.encode(head);
    if (request.method === "HEAD" || response.status === 304 || response.status === 204) this.#write(start);
    else this.#write(start, bytes);
    return bytes.length;
  }

  async #stream(
    request: RequestHead,
    response: HttpResponse,
    body: ReadableStream<Uint8Array>,
    keepAlive: boolean,
  ): Promise<number> {
    const chunked = request.version === "1.1";
    this.#streaming = true;
    this.#write(
      ENCODER.encode(headText(response, chunked ? { "transfer-encoding": "chunked" } : {}, keepAlive && chunked)),
    );
    const reader = body.getReader();
    const gone = this.#gone!.signal;
    const cancel = () => void reader.cancel().catch(() => {});
    gone.addEventListener("abort", cancel, { once: true });
    if (this.#halfClosed || gone.aborted || this.#stopping) cancel();
    let total = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#isClosed()) break;
        if (value.length === 0) continue;
        total += value.length;
        if (chunked) this.#write(ENCODER.encode(`${value.length.toString(16)}\r\n`), value, ENCODER.encode("\r\n"));
        else this.#write(value);
        await this.#out.drained();
        if (this.#isClosed()) break;
      }
      if (this.#isClosed()) cancel();
      else if (chunked) this.#write(LAST_CHUNK);
      if (!chunked) this.#stopping = true;
    } catch {
      // The source failed in the middle: all that can be said now is the end of the connection.
      this.close();
    } finally {
      this.#streaming = false;
      gone.removeEventListener("abort", cancel);
    }
    return total;
  }

  /** Answers without having read the body: what follows on the connection cannot be trusted. */
  #refuse(response: HttpResponse, head: RequestHead | null): void {
    const start = performance.now();
    const body = response.body instanceof ReadableStream ? "" : response.body;
    const bytes = this.#whole(head ?? { method: "GET" } as RequestHead, response, body, false);
    this.#tell(head, response.status, response.code ?? null, bytes, start);
    if (this.#state !== "closed") this.#linger();
  }

  #tell(head: RequestHead | null, status: number, code: string | null, bytes: number, start: number): void {
    this.#handler.done({ head, status, code, bytes, durationMs: performance.now() - start });
  }

  /** Says that nothing more will come, and waits until the client has read it. */
  #linger(): void {
    this.#state = "lingering";
    this.#until = performance.now() + LINGER_MS;
    if (this.#out.waiting === 0) this.#shutdown();
    this.#watch();
  }

  #shutdown(): void {
    if (this.#halfClosed) return this.close();
    this.#sys.try("shutdown", this.#fd.number, SHUT_WR);
  }

  #write(...parts: Uint8Array[]): void {
    this.#out.add(parts);
    this.#flush();
  }

  #flush(): void {
    if (!this.#out.flush()) return this.close();
    if (this.#out.waiting === 0 && this.#state === "lingering") this.#shutdown();
    this.#watch();
  }

  /** Tells the poller what is waited for now. */
  #watch(): void {
    if (this.#state === "closed") return;
    const wanted = (this.#state === "answering" ? 0 : EPOLLIN) | (this.#halfClosed ? 0 : EPOLLRDHUP) |
      (this.#out.waiting > 0 ? EPOLLOUT : 0);
    if (wanted === this.#interest) return;
    this.#interest = wanted;
    this.#poller.change(this.#fd.number, wanted);
  }
}
