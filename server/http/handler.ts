import type { HttpFault, HttpRequest, HttpResponse, RequestHead } from "./message.ts";
import type { ParserLimits } from "./parser.ts";

/** How large and how slow a request may be. */
export interface ConnectionLimits extends ParserLimits {
  /** Milliseconds from its first byte to its last; and a new connection's wait for the first one. */
  readonly arrival: number;
  /** Milliseconds between two requests of a connection. */
  readonly idle: number;
  /** How many milliseconds a client may take nothing of what waits for it. */
  readonly stall: number;
}

/** What became of a request. */
export interface Exchange {
  readonly head: RequestHead | null;
  readonly status: number;
  readonly code: string | null;
  readonly bytes: number;
  readonly durationMs: number;
}

/** Whoever answers requests. */
export interface Handler {
  /** A refusal that needs no body; undefined to go on. */
  refuse(head: RequestHead): HttpResponse | undefined;
  /** Never rejects. `gone` is aborted when the client has gone; whoever answers may abort it too. */
  answer(request: HttpRequest, gone: AbortController): Promise<HttpResponse>;
  fault(fault: HttpFault): HttpResponse;
  done(exchange: Exchange): void;
}
