import { SysError } from "./errno.ts";
import { Fd } from "./fd.ts";
import type { Memory } from "./memory.ts";
import { struct } from "./struct.ts";
import type { Sys } from "./sys.ts";
import { AF_UNIX, MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, SOCK_CLOEXEC, SOCK_NONBLOCK, SOL_SOCKET } from "./uapi.ts";

/** sys/socket.h: packets with boundaries, in order, over a connection. */
export const SOCK_SEQPACKET = 5;
const SO_TYPE = 3;
const SO_PEERCRED = 17;
const SO_DOMAIN = 39;
const MSG_NOSIGNAL = 0x4000;
const EAGAIN = 11;
/** Bytes of sun_path in struct sockaddr_un, without the last NUL. */
export const SOCKET_PATH_BYTES = 107;
const UCRED = struct("ucred", 12, { pid: [0, "i32"], uid: [4, "u32"], gid: [8, "u32"] });

/** Who is at the other end of a connection, as the kernel noted when it was made (unix(7), SO_PEERCRED). */
export interface Peer {
  /** As this process's pid namespace shows it; 0 where it does not. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** What was there to be read. */
export type Received =
  | { readonly kind: "packet"; readonly bytes: Uint8Array }
  /** Larger than the limit; it was not read. */
  | { readonly kind: "oversize"; readonly size: number }
  /** Nothing yet. */
  | { readonly kind: "nothing" }
  /** The peer closed the connection, or sent an empty packet, which looks the same. */
  | { readonly kind: "end" };

/** A new unix socket for packets. Throws `SysError`. */
export function seqpacketSocket(sys: Sys): Fd {
  return sys.fd("socket(AF_UNIX, SOCK_SEQPACKET)", AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/** Gives a socket its path; 0 or -errno (bind(2)). */
export function bindTo(sys: Sys, socket: Fd, path: string): number {
  return withAddress(sys.memory, path, (at, size) => sys.try("bind", socket.number, at, size));
}

/** Connects to the socket at a path; 0 or -errno (connect(2)). */
export function connectTo(sys: Sys, socket: Fd, path: string): number {
  return withAddress(sys.memory, path, (at, size) => sys.try("connect", socket.number, at, size));
}

function withAddress(memory: Memory, path: string, call: (at: number, size: number) => number): number {
  const bytes = new TextEncoder().encode(path);
  if (bytes.length > SOCKET_PATH_BYTES) throw new RangeError(`Cannot use a socket path of ${bytes.length} bytes`);
  const mark = memory.mark();
  const at = memory.alloc(2 + SOCKET_PATH_BYTES + 1); // struct sockaddr_un
  memory.setU16(at, AF_UNIX);
  memory.write(at + 2, bytes);
  const result = call(at, 2 + bytes.length + 1);
  memory.release(mark);
  return result;
}

/** Two connected sockets for packets; both are closed by exec. */
export function seqpacketPair(sys: Sys): [Fd, Fd] {
  const { memory } = sys;
  const mark = memory.mark();
  const pair = memory.alloc(8);
  sys.call("socketpair", AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
  const ends: [Fd, Fd] = [new Fd(sys, memory.i32(pair)), new Fd(sys, memory.i32(pair + 4))];
  memory.release(mark);
  return ends;
}

/** The next connection on a listening socket; -errno where there is none (accept4(2)). */
export function accept(sys: Sys, listener: Fd): Fd | number {
  const result = sys.try("accept4", listener.number, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return result < 0 ? result : new Fd(sys, result);
}

/** Who is at the other end. Throws `SysError`. */
export function peerOf(sys: Sys, socket: Fd): Peer {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const at = UCRED.pack(memory);
    const size = memory.alloc(4);
    memory.setU32(size, UCRED.size);
    sys.call("getsockopt", socket.number, SOL_SOCKET, SO_PEERCRED, at, size);
    return {
      pid: UCRED.get(memory, at, "pid"),
      uid: UCRED.get(memory, at, "uid"),
      gid: UCRED.get(memory, at, "gid"),
    };
  } finally {
    memory.release(mark);
  }
}

/**
 * Why a descriptor is no unix socket for packets, the end of a sentence that starts with "descriptor N"; null if it
 * is one.
 */
export function seqpacketFault(sys: Sys, fd: number): string | null {
  const domain = option(sys, fd, SO_DOMAIN);
  if (domain < 0) {
    const { code } = new SysError("getsockopt()", -domain);
    return code === "EBADF" ? "is not open" : code === "ENOTSOCK" ? "is no socket" : `cannot be asked: ${code}`;
  }
  const type = option(sys, fd, SO_TYPE);
  return domain === AF_UNIX && type === SOCK_SEQPACKET ? null : "is no SOCK_SEQPACKET socket of AF_UNIX";
}

function option(sys: Sys, fd: number, name: number): number {
  const { memory } = sys;
  const mark = memory.mark();
  const value = memory.alloc(4);
  const size = memory.alloc(4);
  memory.setU32(size, 4);
  const result = sys.try("getsockopt", fd, SOL_SOCKET, name, value, size);
  const number = memory.i32(value);
  memory.release(mark);
  return result < 0 ? result : number;
}

/** Reads one packet, if one is there and no larger than `limit`; never waits. Throws `SysError`. */
export function receive(sys: Sys, socket: Fd, limit: number): Received {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const nowhere = memory.alloc(8);
    const size = sys.try("recvfrom", socket.number, nowhere, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT, 0, 0);
    if (size === -EAGAIN) return { kind: "nothing" };
    if (size < 0) throw new SysError("recv()", -size);
    if (size > limit) return { kind: "oversize", size };
    // Descriptors that a peer sends along are closed by the kernel: there is no room for control messages.
    const at = memory.alloc(size);
    const got = sys.try("recvfrom", socket.number, at, size, MSG_DONTWAIT, 0, 0);
    if (got < 0) throw new SysError("recv()", -got);
    return got === 0 ? { kind: "end" } : { kind: "packet", bytes: memory.bytes(at, got).slice() };
  } finally {
    memory.release(mark);
  }
}

/** Sends one packet without waiting: false where the peer has not read enough yet. Throws `SysError` (EPIPE …). */
export function send(sys: Sys, socket: Fd, bytes: Uint8Array): boolean {
  const { memory } = sys;
  const mark = memory.mark();
  const at = memory.store(bytes);
  const sent = sys.try("sendto", socket.number, at, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
  memory.release(mark);
  if (sent === -EAGAIN) return false;
  if (sent < 0) throw new SysError("send()", -sent);
  return true;
}
