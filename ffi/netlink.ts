import { errnoName, SysError, TimeoutError } from "./errno.ts";
import { Fd } from "./fd.ts";
import type { Memory } from "./memory.ts";
import type { Sys } from "./sys.ts";
import { AF_NETLINK, MSG_TRUNC, SO_RCVTIMEO, SOCK_CLOEXEC, SOCK_RAW, SOL_SOCKET } from "./uapi.ts";
import { DEADLINE_MS } from "./wait.ts";

// linux/netlink.h
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLA_TYPE_MASK = 0x3fff;
export const NLM_F_REQUEST = 1;
export const NLM_F_ACK = 4;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;
export const NETLINK_PROTOCOLS = { NETLINK_ROUTE: 0, NETLINK_SOCK_DIAG: 4, NETLINK_NETFILTER: 12 } as const;

/** Bytes of struct nlmsghdr. */
const HEADER = 16;
/** No datagram of the kernel is larger than the buffer it is asked with. */
const ROOM = 32 * 1024;
/** The sequence number of every request: one is answered before the next is sent. */
const SEQ = 24680;
const EINTR = 4;
const EAGAIN = 11;
const EBADMSG = 74;
const EMSGSIZE = 90;

/** An error that the kernel itself wrote into a netlink message: no seccomp filter can make one up. */
export class NetlinkError extends SysError {}

/** One netlink message without its header. */
export interface Message {
  readonly type: number;
  readonly seq: number;
  /** What follows struct nlmsghdr. */
  readonly body: Uint8Array;
}

const align = (size: number) => (size + 3) & ~3;

function join(parts: readonly ArrayLike<number>[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const length = (parts: readonly ArrayLike<number>[]) => parts.reduce((sum, part) => sum + part.length, 0);

/** Numbers of 32 bits in the byte order of the machine. */
export function u32(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => view.setUint32(4 * i, value, true));
  return new Uint8Array(view.buffer);
}

/** A number of 32 bits in network byte order. */
export function be32(value: number): Uint8Array {
  return u32(value).reverse();
}

/** A C string with its NUL. */
export function cstring(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** One attribute (struct nlattr) with its padding; nested where its parts are attributes. */
export function attribute(type: number, ...parts: ArrayLike<number>[]): Uint8Array {
  const size = 4 + length(parts);
  const all = join([new Uint8Array(4), ...parts], align(size));
  const view = new DataView(all.buffer);
  view.setUint16(0, size, true);
  view.setUint16(2, type, true);
  return all;
}

/** One message (struct nlmsghdr) with its padding. */
export function message(type: number, flags: number, ...parts: ArrayLike<number>[]): Uint8Array {
  const size = HEADER + length(parts);
  const all = join([new Uint8Array(HEADER), ...parts], align(size));
  const view = new DataView(all.buffer);
  view.setUint32(0, size, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, SEQ, true);
  return all;
}

/** The messages of a datagram, up to the first that is cut off or says an impossible length. */
export function parseMessages(bytes: Uint8Array): Message[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: Message[] = [];
  for (let at = 0; at + HEADER <= bytes.length;) {
    const size = view.getUint32(at, true);
    if (size < HEADER || at + size > bytes.length) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      seq: view.getUint32(at + 8, true),
      body: bytes.subarray(at + HEADER, at + size),
    });
    at += align(size);
  }
  return messages;
}

/** Attributes by type, up to the first that is cut off or says an impossible length. */
export function parseAttributes(bytes: Uint8Array): Map<number, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<number, Uint8Array>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const size = view.getUint16(at, true);
    if (size < 4 || at + size > bytes.length) break;
    found.set(view.getUint16(at + 2, true) & NLA_TYPE_MASK, bytes.subarray(at + 4, at + size));
    at += align(size);
  }
  return found;
}

/** The first number of a body, with its sign; undefined where there is none. */
export function i32(body: Uint8Array): number | undefined {
  return body.length < 4 ? undefined : new DataView(body.buffer, body.byteOffset, 4).getInt32(0, true);
}

/** A request in memory that its sender sees. */
export interface Request {
  /** Its words as evidence, such as `RTM_GETLINK(dump)`; not the name of a system call. */
  readonly text: string;
  readonly address: number;
  readonly size: number;
}

/**
 * A netlink socket of this process, or of a child: then this object and its requests have to be made before
 * the child, which gets a copy of their memory.
 */
export class Netlink implements Disposable {
  readonly #memory: Memory;
  readonly #timeout: number;
  readonly #answer: number;
  #sys: Sys | undefined;
  #read: (address: number, size: number) => Uint8Array;
  #fd: Fd | undefined;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#timeout = memory.alloc(16); // struct timeval
    memory.setU64(this.#timeout, DEADLINE_MS / 1000);
    this.#answer = memory.room(ROOM);
    this.#read = (address, size) => memory.bytes(address, size).slice();
  }

  /** Stores one datagram. */
  request(text: string, ...messages: Uint8Array[]): Request {
    const size = length(messages);
    return { text, size, address: this.#memory.store(join(messages, size)) };
  }

  /** Opens the socket; `sys` and `read` are those of the child where it shall be the child's. */
  connect(sys: Sys, protocol: keyof typeof NETLINK_PROTOCOLS, read = this.#read): void {
    const text = `socket(AF_NETLINK, SOCK_RAW, ${protocol})`;
    this.#fd = sys.fd(text, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_PROTOCOLS[protocol]);
    this.#sys = sys;
    this.#read = read;
    sys.call("setsockopt", this.#fd.number, SOL_SOCKET, SO_RCVTIMEO, this.#timeout, 16);
  }

  /** Takes over a netlink socket that somebody else opened, such as a child in another network namespace. */
  adopt(sys: Sys, fd: Fd): void {
    this.#fd = fd;
    this.#sys = sys;
    sys.call("setsockopt", fd.number, SOL_SOCKET, SO_RCVTIMEO, this.#timeout, 16);
  }

  /** Sends a request and gives its answers; throws `NetlinkError` for the kernel's no, `TimeoutError` for silence. */
  ask(request: Request): Message[] {
    const { error, answers } = this.look(request);
    if (error !== 0) throw new NetlinkError(request.text, -error);
    return answers;
  }

  /** As `ask`, for a request of which the kernel's no is an answer: `error` is 0 or -errno. */
  look(request: Request): { readonly error: number; readonly answers: Message[] } {
    const sys = this.#sys!, fd = this.#fd!.number;
    const sent = sys.try("sendto", fd, request.address, request.size, 0, 0, 0);
    // Nothing would ever answer what was not sent: a seccomp filter can make up a success of 0 bytes.
    if (sent !== request.size) throw new SysError(`sendto(${request.text})`, sent < 0 ? -sent : EMSGSIZE);
    const until = Math.min(performance.now() + DEADLINE_MS, sys.until);
    const answers: Message[] = [];
    for (;;) {
      const got = sys.try("recvfrom", fd, this.#answer, ROOM, MSG_TRUNC, 0, 0);
      if (got === -EAGAIN || performance.now() > until) throw new TimeoutError(request.text, DEADLINE_MS);
      if (got < 0 && got !== -EINTR) throw new SysError(`recvfrom(${request.text})`, -got);
      if (got > ROOM) throw new SysError(`recvfrom(${request.text})`, EMSGSIZE);
      for (const one of parseMessages(this.#read(this.#answer, Math.max(got, 0)))) {
        if (one.seq !== SEQ) continue;
        if (one.type !== NLMSG_ERROR && one.type !== NLMSG_DONE) {
          answers.push(one);
          continue;
        }
        // The end of a dump may come without a number; an error without one says nothing that could be trusted.
        const error = i32(one.body) ?? (one.type === NLMSG_DONE ? 0 : -EBADMSG);
        const name = error < 0 ? errnoName(-error) : null;
        sys.note(request.text, name ?? (answers.length > 0 ? `done, messages: ${answers.length}` : "done"), name);
        return { error: Math.min(error, 0), answers };
      }
    }
  }

  /** Closes the socket; not for one of a child, which takes it to its end. */
  [Symbol.dispose](): void {
    this.#fd?.[Symbol.dispose]();
  }
}
