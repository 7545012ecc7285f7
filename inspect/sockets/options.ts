import { errnoName } from "../../ffi/errno.ts";
import type { Sys } from "../../ffi/sys.ts";
import { AF_INET, AF_INET6, AF_UNIX, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, SOL_SOCKET } from "../../ffi/uapi.ts";

// asm-generic/socket.h, linux/udp.h, linux/tcp.h, linux/sockios.h
const SO_TYPE = 3, SO_PASSCRED = 16, SO_GET_FILTER = 26, SO_PEERNAME = 28, SO_TIMESTAMP = 29, SO_PASSSEC = 34;
const SO_PROTOCOL = 38, SO_DOMAIN = 39, SO_PASSPIDFD = 76;
const UDP_CORK = 1, TCP_INFO = 11;
const SOCK_STREAM = 1, SOCK_DGRAM = 2;
const EACCES = 13;
/** Sizes of struct sockaddr_in and sockaddr_in6. */
const SOCKADDR_IN = 16, SOCKADDR_IN6 = 28;

/** What a socket says of itself, asked as criu asks it. */
export interface SocketOptions {
  /** AF_*. */
  readonly domain: number;
  /** SOCK_*. */
  readonly type: number;
  readonly protocol: number;
  /** Whether it has a filter that only eBPF can express: the kernel hands none of these out. */
  readonly ebpfFilter: boolean;
  /** Whether a UDP socket collects parts of a datagram. */
  readonly corked: boolean;
  /** The state of a TCP socket; null of any other one. */
  readonly tcpState: number | null;
  /** Whether a TCP socket has the address of a peer, also where the connection is no more. */
  readonly hasPeer: boolean;
  /** Why it cannot be asked for what only unix and netlink sockets have (SO_PASSCRED): the errno's name; null where it can. */
  readonly passCredRefused: string | null;
  /** Whether what it receives comes with credentials or the like beside the data. */
  readonly controlMessages: boolean;
}

/** Asks a descriptor of this process; null where it is no socket. */
export function optionsOf(sys: Sys, fd: number): SocketOptions | null {
  const { memory } = sys;
  const mark = memory.mark();
  const value = memory.alloc(SOCKADDR_IN6), size = memory.alloc(8);
  const ask = (level: number, option: number, room: number): number => {
    memory.setU32(size, room);
    return sys.try("getsockopt", fd, level, option, value, size);
  };
  /** 0 also where the socket has no such option. */
  const number = (level: number, option: number) => ask(level, option, 4) === 0 ? memory.i32(value) : 0;
  try {
    if (ask(SOL_SOCKET, SO_DOMAIN, 4) < 0) return null;
    const domain = memory.i32(value);
    const type = number(SOL_SOCKET, SO_TYPE), protocol = number(SOL_SOCKET, SO_PROTOCOL);
    memory.setU32(size, 0);
    const ebpfFilter = sys.try("getsockopt", fd, SOL_SOCKET, SO_GET_FILTER, 0, size) === -EACCES;
    const inet = domain === AF_INET || domain === AF_INET6;
    const udp = inet && type === SOCK_DGRAM && (protocol === IPPROTO_UDP || protocol === IPPROTO_UDPLITE);
    const tcp = inet && type === SOCK_STREAM && protocol === IPPROTO_TCP;
    return {
      domain,
      type,
      protocol,
      ebpfFilter,
      // Both protocols take the option under the level of UDP.
      corked: udp && number(IPPROTO_UDP, UDP_CORK) !== 0,
      tcpState: tcp && ask(IPPROTO_TCP, TCP_INFO, 8) === 0 ? memory.bytes(value, 1)[0]! : null,
      // More room than the family's address takes is refused (EINVAL).
      hasPeer: tcp && ask(SOL_SOCKET, SO_PEERNAME, domain === AF_INET ? SOCKADDR_IN : SOCKADDR_IN6) === 0,
      passCredRefused: refusal(ask(SOL_SOCKET, SO_PASSCRED, 4)),
      controlMessages: domain === AF_UNIX &&
        [SO_PASSCRED, SO_PASSSEC, SO_PASSPIDFD, SO_TIMESTAMP].some((option) => number(SOL_SOCKET, option) !== 0),
    };
  } finally {
    memory.release(mark);
  }
}

function refusal(result: number): string | null {
  return result < 0 ? errnoName(-result) : null;
}
