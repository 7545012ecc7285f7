import { HttpFault, type HttpRequest, type RequestHead } from "./message.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const MAX_HEADERS = 64;
/** A line of a chunked body that says a size, with its extensions. */
const MAX_CHUNK_LINE = 256;
const CR = 13, LF = 10;

/** How large a request may be. */
export interface ParserLimits {
  /** Bytes of the request line and the headers. */
  readonly head: number;
  /** Bytes of the body. */
  readonly body: number;
}

/**
 * Reads HTTP/1.1 requests from a byte stream (RFC 9112), strictly: what two programs could understand in two ways is
 * refused, so that no proxy before this server can be made to disagree with it.
 */
export class RequestParser {
  readonly #limits: ParserLimits;
  #buffer = new Uint8Array();
  #head: RequestHead | undefined;
  /** Bytes of the body still to come; in a chunked body of the present chunk, and undefined between chunks. */
  #missing: number | undefined = 0;
  #chunked = false;
  #trailer = false;
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(limits: ParserLimits) {
    this.#limits = limits;
  }

  /** Adds what has arrived. */
  push(bytes: Uint8Array): void {
    this.#buffer = this.#buffer.length === 0 ? new Uint8Array(bytes) : joined([this.#buffer, bytes]);
  }

  /** Whether a request has begun and is not complete. */
  get begun(): boolean {
    return this.#head !== undefined || this.#buffer.length > 0;
  }

  /** Bytes that nobody has read yet. */
  get waiting(): number {
    return this.#buffer.length;
  }

  /** The head of the next request; undefined until it has arrived. Its body is to be read next. Throws `HttpFault`. */
  head(): RequestHead | undefined {
    if (this.#head) return this.#head;
    // Empty lines before a request are passed over (RFC 9112, 2.2).
    while (this.#buffer[0] === CR && this.#buffer[1] === LF) this.#buffer = this.#buffer.subarray(2);
    const end = endOfHead(this.#buffer);
    if (end > this.#limits.head || (end < 0 && this.#buffer.length > this.#limits.head)) {
      throw new HttpFault(431, "HEADERS_TOO_LARGE", `The request's headers are larger than ${this.#limits.head} bytes`);
    }
    if (end < 0) return undefined;
    const text = latin1(this.#buffer.subarray(0, end));
    this.#buffer = this.#buffer.subarray(end + 4);
    const head = parseHead(text);
    this.#expectBody(head);
    return this.#head = head;
  }

  /** The whole request, once its body has arrived. Throws `HttpFault`. */
  request(): HttpRequest | undefined {
    const head = this.head();
    if (!head || !this.#bodyArrived()) return undefined;
    const body = this.#parts.length === 1 ? this.#parts[0]! : joined(this.#parts);
    this.#head = undefined;
    this.#parts = [];
    this.#size = 0;
    return { ...head, body };
  }

  #expectBody({ headers, version }: RequestHead): void {
    const length = headers.get("content-length"), encoding = headers.get("transfer-encoding");
    this.#trailer = false;
    if (encoding !== undefined) {
      if (length !== undefined) throw bad("Both Content-Length and Transfer-Encoding are there");
      if (version === "1.0") throw bad("HTTP/1.0 has no Transfer-Encoding");
      if (encoding.toLowerCase() !== "chunked") {
        throw new HttpFault(501, "TRANSFER_ENCODING_UNKNOWN", "The only transfer encoding known here is chunked");
      }
      this.#chunked = true;
      this.#missing = undefined;
      return;
    }
    this.#chunked = false;
    if (length !== undefined && !/^[0-9]{1,15}$/.test(length)) throw bad("Content-Length is no number");
    this.#missing = Number(length ?? 0);
    this.#checkSize(this.#missing);
  }

  #bodyArrived(): boolean {
    if (!this.#chunked) return this.#take();
    for (;;) {
      if (this.#trailer) {
        const line = this.#line();
        if (line === undefined) return false;
        // Trailers are read and dropped.
        if (line === "") return true;
      } else if (this.#missing === undefined) {
        const line = this.#line();
        if (line === undefined) return false;
        const size = /^([0-9A-Fa-f]{1,8})[ \t]*(;.*)?$/.exec(line);
        if (!size) throw bad("A chunk of the body has no size");
        this.#missing = parseInt(size[1]!, 16);
        this.#checkSize(this.#size + this.#missing);
        if (this.#missing === 0) this.#trailer = true;
      } else {
        if (!this.#take()) return false;
        const end = this.#line();
        if (end === undefined) return false;
        if (end !== "") throw bad("A chunk of the body is longer than its size");
        this.#missing = undefined;
      }
    }
  }

  /** Moves what has arrived of the present piece; true when it is complete. */
  #take(): boolean {
    const part = this.#buffer.subarray(0, this.#missing);
    if (part.length > 0) {
      this.#parts.push(part);
      this.#size += part.length;
      this.#buffer = this.#buffer.subarray(part.length);
      this.#missing = this.#missing! - part.length;
    }
    return this.#missing === 0;
  }

  /** The next line without its end; undefined until it has arrived. */
  #line(): string | undefined {
    const end = this.#buffer.subarray(0, MAX_CHUNK_LINE).indexOf(LF);
    if (end < 0) {
      if (this.#buffer.length >= MAX_CHUNK_LINE) throw bad("A line of the chunked body is too long");
      return undefined;
    }
    if (this.#buffer[end - 1] !== CR) throw bad("A line of the chunked body does not end with CR LF");
    const line = latin1(this.#buffer.subarray(0, end - 1));
    this.#buffer = this.#buffer.subarray(end + 1);
    return line;
  }

  #checkSize(size: number): void {
    if (size > this.#limits.body) {
      throw new HttpFault(413, "BODY_TOO_LARGE", `The request's body is larger than ${this.#limits.body} bytes`);
    }
  }
}

function parseHead(text: string): RequestHead {
  const lines = text.split("\r\n");
  const request = /^([A-Z]{1,20}) ([\x21-\x7e]+) HTTP\/([0-9]\.[0-9])$/.exec(lines[0]!);
  if (!request) throw bad("The request line is malformed");
  const [, method = "", target = "", version] = request;
  if (version !== "1.1" && version !== "1.0") {
    throw new HttpFault(505, "HTTP_VERSION_UNKNOWN", "This server speaks HTTP/1.1");
  }
  if (lines.length - 1 > MAX_HEADERS) {
    throw new HttpFault(431, "HEADERS_TOO_LARGE", `The request has more than ${MAX_HEADERS} headers`);
  }
  const headers = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon), value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    // deno-lint-ignore no-control-regex
    if (colon < 1 || !TOKEN.test(name) || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) throw bad("A header is malformed");
    const key = name.toLowerCase();
    const before = headers.get(key);
    if (before !== undefined && ["host", "content-length", "transfer-encoding", "authorization"].includes(key)) {
      throw bad(`The header ${key} is there twice`);
    }
    headers.set(key, before === undefined ? value : `${before}${key === "cookie" ? "; " : ", "}${value}`);
  }
  if (version === "1.1" && !headers.has("host")) throw bad("The header Host is missing");
  const path = pathOf(target, headers.get("host"));
  const connection = (headers.get("connection") ?? "").toLowerCase().split(",").map((one) => one.trim());
  const keepAlive = version === "1.1" ? !connection.includes("close") : connection.includes("keep-alive");
  return { method, target: path, version, headers, keepAlive };
}

/** The path of a target; a whole URL, as to a proxy, must be of the host that the request is for (RFC 9112, 3.2.2). */
function pathOf(target: string, host: string | undefined): string {
  if (target.startsWith("/")) return target;
  const url = /^http:\/\/([^/?#@]+)(\/[^#]*)?$/i.exec(target);
  if (url && url[1]!.toLowerCase() === host?.toLowerCase()) return url[2] ?? "/";
  throw bad("The request's target is no path, and no URL of this host");
}

/** Where the empty line begins that ends a head; -1 when it has not arrived. */
function endOfHead(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at;
  }
  return -1;
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function bad(message: string): HttpFault {
  return new HttpFault(400, "BAD_REQUEST", message);
}
