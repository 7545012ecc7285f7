import { SysError } from "./errno.ts";
import { Fd } from "./fd.ts";
import type { Sys } from "./sys.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  O_NONBLOCK,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./uapi.ts";

const SO_REUSEADDR = 2;
const SO_TYPE = 3;
const SO_ACCEPTCONN = 30;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const F_SETFL = 4;
const TCP_NODELAY = 1;
const IPPROTO_TCP = 6;
const MSG_NOSIGNAL = 0x4000;
const SCM_RIGHTS = 1;
const MSG_CMSG_CLOEXEC = 0x40000000;
const SOCK_SEQPACKET = 5;
const BACKLOG = 511;
/** sun_path, with its last NUL. */
const UNIX_PATH_BYTES = 108;
const CHUNK = 64 * 1024;

/** Where a stream socket is: a file, or an address and port of the IP protocol. */
export type Address =
  | { readonly path: string }
  | { readonly host: string; readonly port: number };

/** An address as people write it. */
export function addressText(address: Address): string {
  if ("path" in address) return `unix:${address.path}`;
  return `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Whether a path fits into a socket's address. */
export function fitsSocket(path: string): boolean {
  return new TextEncoder().encode(path).length < UNIX_PATH_BYTES && !path.includes("\0");
}

/** A listening socket that never blocks. Throws `SysError`. */
export function listen(sys: Sys, address: Address): Fd {
  const socket = streamSocket(sys, address, SOCK_NONBLOCK);
  try {
    if (!("path" in address)) option(sys, socket.number, SOL_SOCKET, SO_REUSEADDR);
    withSockaddr(sys, address, (at, size) => check(sys.try("bind", socket.number, at, size), "bind", address));
    check(sys.try("listen", socket.number, BACKLOG), "listen", address);
    return socket;
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}

/** A connected socket that blocks; of a `packet` socket each message arrives as it was sent. Throws `SysError`. */
export function connect(sys: Sys, address: Address, kind: "stream" | "packet" = "stream"): Fd {
  const socket = kind === "stream"
    ? streamSocket(sys, address, 0)
    : new Fd(sys, sys.call("socket", AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const result = withSockaddr(sys, address, (at, size) => sys.try("connect", socket.number, at, size));
  if (result >= 0) return socket;
  socket[Symbol.dispose]();
  throw new SysError(`connect(${addressText(address)})`, -result);
}

/**
 * The path of a Unix stream socket that listens already, such as one that systemd passes on (sd_listen_fds(3)); undefined
 * where the descriptor is none. It never blocks afterwards, and is closed in programs that are started.
 */
export function takeListener(sys: Sys, fd: number): string | undefined {
  if (socketOption(sys, fd, SO_TYPE) !== SOCK_STREAM || socketOption(sys, fd, SO_ACCEPTCONN) !== 1) return undefined;
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const at = memory.alloc(2 + UNIX_PATH_BYTES), length = memory.alloc(4);
    memory.setU32(length, 2 + UNIX_PATH_BYTES);
    sys.call("getsockname", fd, at, length);
    const family = memory.u8(at) | (memory.u8(at + 1) << 8), size = memory.i32(length) - 2;
    if (family !== AF_UNIX || size <= 0 || memory.u8(at + 2) === 0) return undefined;
    sys.call("fcntl", fd, F_SETFL, O_NONBLOCK);
    sys.call("fcntl", fd, F_SETFD, FD_CLOEXEC);
    return memory.text(at + 2, size).replace(/\0.*$/s, "");
  } finally {
    memory.release(mark);
  }
}

function socketOption(sys: Sys, fd: number, name: number): number {
  const { memory } = sys;
  const mark = memory.mark();
  const value = memory.alloc(4), size = memory.alloc(4);
  memory.setU32(size, 4);
  const result = sys.try("getsockopt", fd, SOL_SOCKET, name, value, size);
  const found = memory.i32(value);
  memory.release(mark);
  return result < 0 ? result : found;
}

/** The port that the kernel chose for a listening socket. */
export function portOf(sys: Sys, fd: number): number {
  const { memory } = sys;
  const mark = memory.mark();
  const at = memory.alloc(128), size = memory.alloc(4);
  memory.setU32(size, 128);
  sys.call("getsockname", fd, at, size);
  const port = (memory.u8(at + 2) << 8) | memory.u8(at + 3);
  memory.release(mark);
  return port;
}

/** The next connection of a listening socket, which never blocks; -errno where there is none. */
export function accept(sys: Sys, fd: number, tcp: boolean): number {
  const connection = sys.try("accept4", fd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection >= 0 && tcp) option(sys, connection, IPPROTO_TCP, TCP_NODELAY);
  return connection;
}

/** What has arrived, at most 64 kB: empty at the end, -errno where nothing can be read. */
export function receive(sys: Sys, fd: number): Uint8Array | number {
  const { memory } = sys;
  const mark = memory.mark();
  const at = memory.alloc(CHUNK);
  const size = sys.try("read", fd, at, CHUNK);
  const result = size < 0 ? size : memory.bytes(at, size).slice();
  memory.release(mark);
  return result;
}

/** Sends the beginning of some bytes, at most 64 kB; returns how many were taken, or -errno. */
export function send(sys: Sys, fd: number, bytes: Uint8Array): number {
  const { memory } = sys;
  const mark = memory.mark();
  const part = bytes.subarray(0, CHUNK);
  const sent = sys.try("sendto", fd, memory.store(part), part.length, MSG_NOSIGNAL, 0, 0);
  memory.release(mark);
  return sent;
}

/** Two connected sockets; of `packet` sockets each message arrives as it was sent. They block. */
export function socketPair(sys: Sys, kind: "stream" | "packet"): [Fd, Fd] {
  const { memory } = sys;
  const mark = memory.mark();
  const pair = memory.alloc(8);
  sys.call("socketpair", AF_UNIX, (kind === "packet" ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC, 0, pair);
  const both: [Fd, Fd] = [new Fd(sys, memory.i32(pair)), new Fd(sys, memory.i32(pair + 4))];
  memory.release(mark);
  return both;
}

const CMSG_LEN = 20;
const CMSG_SPACE = 24;

/** Sends a message, and with it a descriptor where one is given (unix(7), SCM_RIGHTS). Throws `SysError`. */
export function sendMessage(sys: Sys, fd: number, text: string, passed?: number): void {
  const { memory } = sys;
  const mark = memory.mark();
  const bytes = new TextEncoder().encode(text);
  const header = messageHeader(sys, memory.store(bytes), bytes.length);
  if (passed === undefined) memory.setU64(header + 40, 0);
  else {
    const control = Number(memory.u64(header + 32));
    memory.setU64(control, CMSG_LEN);
    memory.setI32(control + 8, SOL_SOCKET);
    memory.setI32(control + 12, SCM_RIGHTS);
    memory.setI32(control + 16, passed);
  }
  const result = sys.try("sendmsg", fd, header, MSG_NOSIGNAL);
  memory.release(mark);
  if (result < 0) throw new SysError("sendmsg()", -result);
}

/** The next message, and the descriptor that came with it; undefined at the end. Throws `SysError`. */
export function receiveMessage(
  sys: Sys,
  fd: number,
): { readonly text: string; readonly passed: Fd | null } | undefined {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const room = memory.alloc(CHUNK);
    const header = messageHeader(sys, room, CHUNK);
    const size = sys.try("recvmsg", fd, header, MSG_CMSG_CLOEXEC);
    if (size < 0) throw new SysError("recvmsg()", -size);
    const control = Number(memory.u64(header + 32));
    const passed = memory.u64(header + 40) >= BigInt(CMSG_LEN) && memory.i32(control + 12) === SCM_RIGHTS
      ? new Fd(sys, memory.i32(control + 16))
      : null;
    return size === 0 && passed === null ? undefined : { text: memory.text(room, size), passed };
  } finally {
    memory.release(mark);
  }
}

/** struct msghdr with one piece of data and room for one descriptor. */
function messageHeader({ memory }: Sys, data: number, size: number): number {
  const vector = memory.alloc(16);
  memory.setU64(vector, data);
  memory.setU64(vector + 8, size);
  const control = memory.alloc(CMSG_SPACE);
  const header = memory.alloc(56);
  memory.setU64(header + 16, vector);
  memory.setU64(header + 24, 1);
  memory.setU64(header + 32, control);
  memory.setU64(header + 40, CMSG_SPACE);
  return header;
}

function streamSocket(sys: Sys, address: Address, flags: number): Fd {
  const family = "path" in address ? AF_UNIX : address.host.includes(":") ? AF_INET6 : AF_INET;
  return new Fd(sys, sys.call("socket", family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

function option(sys: Sys, fd: number, level: number, name: number): void {
  const { memory } = sys;
  const mark = memory.mark();
  const one = memory.alloc(4);
  memory.setI32(one, 1);
  sys.try("setsockopt", fd, level, name, one, 4);
  memory.release(mark);
}

function check(result: number, call: string, address: Address): void {
  if (result < 0) throw new SysError(`${call}(${addressText(address)})`, -result);
}

/** Calls with a sockaddr_un, sockaddr_in or sockaddr_in6 in memory. */
function withSockaddr<T>(sys: Sys, address: Address, use: (at: number, size: number) => T): T {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    if ("path" in address) {
      const path = new TextEncoder().encode(address.path);
      const at = memory.alloc(2 + UNIX_PATH_BYTES);
      memory.setU16(at, AF_UNIX);
      memory.write(at + 2, path);
      return use(at, 2 + path.length + 1);
    }
    const at = memory.alloc(28);
    const six = address.host.includes(":");
    memory.setU16(at, six ? AF_INET6 : AF_INET);
    memory.setU8(at + 2, address.port >> 8);
    memory.setU8(at + 3, address.port & 0xff);
    if (six) memory.setU8(at + 8 + 15, 1); // only ::1 gets here
    else memory.write(at + 4, address.host.split(".").map(Number));
    return use(at, six ? 28 : 16);
  } finally {
    memory.release(mark);
  }
}
