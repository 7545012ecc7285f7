import { SysError } from "../ffi/errno.ts";
import { receive, send } from "../ffi/socket.ts";
import type { Sys } from "../ffi/sys.ts";

/** An answer whose body is read as it comes. */
export interface Answer {
  readonly status: number;
  /** The media type, without parameters. */
  readonly type: string;
  /** The body's text, piece by piece. Throws `SyntaxError` where it is cut off. */
  text(): Iterable<string>;
}

/** Posts a GraphQL request on a connected socket that blocks. Throws `SysError`, and `SyntaxError` for no HTTP. */
export function post(sys: Sys, fd: number, host: string, token: string | null, body: string): Answer {
  const bytes = new TextEncoder().encode(body);
  const head = [
    "POST /graphql HTTP/1.1",
    `Host: ${host}`,
    "Content-Type: application/json",
    "Accept: text/event-stream, application/graphql-response+json, application/json",
    `Content-Length: ${bytes.length}`,
    "Connection: close",
    ...(token === null ? [] : [`Authorization: Bearer ${token}`]),
  ];
  sendAll(sys, fd, new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
  sendAll(sys, fd, bytes);
  const source = new Source(sys, fd);
  const [status = "", ...headers] = source.until("\r\n\r\n").split("\r\n");
  const found = /^HTTP\/1\.1 ([0-9]{3}) /.exec(status);
  if (!found) throw new SyntaxError("no HTTP answer");
  const header = (name: string) =>
    headers.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1).trim();
  const length = header("content-length");
  return {
    status: Number(found[1]),
    type: (header("content-type") ?? "").split(";")[0]!.trim(),
    *text() {
      const decoder = new TextDecoder();
      const pieces = length === undefined ? chunks(source) : [source.exactly(Number(length))];
      for (const piece of pieces) yield decoder.decode(piece, { stream: true });
    },
  };
}

function sendAll(sys: Sys, fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    const sent = send(sys, fd, bytes.subarray(done));
    // A server that refuses early does not read on; what it says is still to be read.
    if (sent === -32 /* EPIPE */ || sent === -104 /* ECONNRESET */) return;
    if (sent < 0) throw new SysError("send()", -sent);
    done += sent;
  }
}

function* chunks(source: Source): Generator<Uint8Array> {
  for (;;) {
    const size = parseInt(source.until("\r\n"), 16);
    if (!(size >= 0)) throw new SyntaxError("a chunk has no size");
    if (size === 0) return;
    yield source.exactly(size);
    source.until("\r\n");
  }
}

/** What arrives on a socket, by lines and by numbers of bytes. */
class Source {
  readonly #sys: Sys;
  readonly #fd: number;
  #bytes = new Uint8Array();

  constructor(sys: Sys, fd: number) {
    this.#sys = sys;
    this.#fd = fd;
  }

  until(end: string): string {
    for (;;) {
      const text = String.fromCharCode(...this.#bytes.subarray(0, 16_384));
      const at = text.indexOf(end);
      if (at >= 0) {
        this.#bytes = this.#bytes.subarray(at + end.length);
        return text.slice(0, at);
      }
      if (this.#bytes.length >= 16_384) throw new SyntaxError("a line is too long");
      this.#more();
    }
  }

  exactly(size: number): Uint8Array {
    if (!Number.isInteger(size) || size < 0) throw new SyntaxError("no size");
    while (this.#bytes.length < size) this.#more();
    const part = this.#bytes.subarray(0, size);
    this.#bytes = this.#bytes.subarray(size);
    return part;
  }

  #more(): void {
    const part = receive(this.#sys, this.#fd);
    if (typeof part === "number") throw new SysError("read()", -part);
    if (part.length === 0) throw new SyntaxError("the answer ended before its end");
    const all = new Uint8Array(this.#bytes.length + part.length);
    all.set(this.#bytes);
    all.set(part, this.#bytes.length);
    this.#bytes = all;
  }
}
