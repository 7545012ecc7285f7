/** The first part of a request: all that is known before its body is read. */
export interface RequestHead {
  readonly method: string;
  /** As it was sent: a path, and a query behind `?`. */
  readonly target: string;
  readonly version: "1.0" | "1.1";
  /** By lower-case name; several of one name are joined. */
  readonly headers: ReadonlyMap<string, string>;
  /** Whether another request may follow on the same connection. */
  readonly keepAlive: boolean;
}

/** A whole request. */
export interface HttpRequest extends RequestHead {
  readonly body: Uint8Array;
}

/** What is answered. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | ReadableStream<Uint8Array>;
  /** The error's code, for the log. */
  readonly code?: string;
}

/** A request that cannot be understood, or is larger or slower than it may be. */
export class HttpFault extends Error {
  override readonly name = "HttpFault";
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

/** An answer with one error, in GraphQL's form. */
export function errorResponse(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: `${JSON.stringify({ errors: [{ message, extensions: { code } }] })}\n`,
    code,
  };
}

/** The reason phrases of the status codes in use (RFC 9110). */
export const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  202: "Accepted",
  204: "No Content",
  303: "See Other",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
};
