import { SysError } from "../ffi/errno.ts";
import type { Fd } from "../ffi/fd.ts";
import { type Peer, peerOf, receive, send } from "../ffi/seqpacket.ts";
import type { Sys } from "../ffi/sys.ts";
import { type Answers, type Reaction } from "./answers.ts";
import { decodeRequest, encodeResponse, PACKET_LIMIT, type Request, typeName } from "./packet.ts";

/** What became of one request, or of a connection that ended without one; one line of the log. */
export interface Entry {
  readonly peer: Peer;
  /** As CRIU spells it; null where no request could be read. */
  readonly request: string | null;
  /** Null where no answer was given. */
  readonly success: boolean | null;
  /** The answer's message, or why there is none; null where there is nothing to say. */
  readonly message: string | null;
}

/**
 * One connection to a client. Whatever the client does ends no more than this: it holds at most one request and one
 * answer, and nothing more is read from it while it leaves the answer unread.
 */
export class Exchange implements Disposable {
  readonly #sys: Sys;
  readonly #socket: Fd;
  readonly peer: Peer;
  #request: Request | null = null;
  #unsent: Uint8Array | null = null;
  #goOn = true;
  #answered = 0;
  #fault: string | null = null;
  #told = false;

  /** Owns the socket. Throws `SysError`. */
  constructor(sys: Sys, socket: Fd) {
    this.#sys = sys;
    this.#socket = socket;
    try {
      this.peer = peerOf(sys, socket);
    } catch (error) {
      socket[Symbol.dispose]();
      throw error;
    }
  }

  get number(): number {
    return this.#socket.number;
  }

  /** True when there is nothing more to be done: it is to be disposed of. */
  get over(): boolean {
    return !this.#goOn && this.#unsent === null;
  }

  /** Whether it waits for room to send rather than for a request. */
  get sending(): boolean {
    return this.#unsent !== null;
  }

  /** Whether a request was read and waits for `answer`. */
  get asking(): boolean {
    return this.#request !== null;
  }

  /** Why it ended otherwise than after an answer; null while it goes on, and where it ended well. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Whether `answer` has told of the fault already. */
  get told(): boolean {
    return this.#told;
  }

  /** Reads a request if there is one, or sends the rest of an answer. True when a request waits for `answer`. */
  advance(): boolean {
    try {
      if (this.#unsent !== null) {
        this.#flush();
        return false;
      }
      const received = receive(this.#sys, this.#socket, PACKET_LIMIT);
      if (received.kind === "nothing") return false;
      if (received.kind === "end") return this.#end(this.#answered > 0 ? null : "it left without a request");
      if (received.kind === "oversize") return this.#end(`a packet of ${received.size} bytes`);
      this.#request = decodeRequest(received.bytes);
      return this.#request !== null || this.#end("a packet that is no request");
    } catch (error) {
      if (error instanceof SysError) return this.#end(this.#answered > 0 ? null : error.message);
      throw error;
    }
  }

  /** Answers the request that was read; the log's line of it. */
  answer(answers: Answers): Entry {
    const request = this.#request;
    if (!request) throw new Error("Cannot answer: no request was read");
    this.#request = null;
    const name = request.type === null ? "unknown" : typeName(request.type);
    const reaction: Reaction = answers.react(request);
    const { response } = reaction;
    if (response === null) {
      this.#end(reaction.why);
      this.#told = true;
      return { peer: this.peer, request: name, success: null, message: reaction.why };
    }
    this.#goOn = reaction.goOn;
    this.#unsent = encodeResponse(response);
    this.#answered++;
    try {
      this.#flush();
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.#unsent = null;
      this.#goOn = false;
    }
    return { peer: this.peer, request: name, success: response.success, message: response.message || null };
  }

  #flush(): void {
    if (this.#unsent && send(this.#sys, this.#socket, this.#unsent)) this.#unsent = null;
  }

  #end(fault: string | null): false {
    this.#goOn = false;
    this.#unsent = null;
    this.#fault = fault;
    return false;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
