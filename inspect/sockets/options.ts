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
}

/** What has no protocol and no state that matters: most sockets of a machine are unix sockets. */
const PLAIN = { type: 0, protocol: 0, corked: false, tcpState: null, hasPeer: false, passCredRefused: null } as const;

/** Asks a descriptor of this process; null where it is no socket. */
export function optionsOf(sys: Sys, fd: number): SocketOptions | null {
  const asked = new Asked(sys, fd);
  try {
    const domain = asked.value(SOL_SOCKET, SO_DOMAIN);
    if (domain === null) return null;
    const ebpfFilter = asked.filter() === -EACCES;
    if (domain === AF_UNIX) return { ...PLAIN, domain, ebpfFilter };
    const type = asked.number(SOL_SOCKET, SO_TYPE), protocol = asked.number(SOL_SOCKET, SO_PROTOCOL);
    const inet = domain === AF_INET || domain === AF_INET6;
    const udp = inet && type === SOCK_DGRAM && (protocol === IPPROTO_UDP || protocol === IPPROTO_UDPLITE);
    const tcp = inet && type === SOCK_STREAM && protocol === IPPROTO_TCP;
    return {
      domain,
      type,
      protocol,
      ebpfFilter,
      // Both protocols take the option under the level of UDP.
      corked: udp && asked.number(IPPROTO_UDP, UDP_CORK) !== 0,
      tcpState: tcp ? asked.byte(IPPROTO_TCP, TCP_INFO, 8) : null,
      // More room than the family's address takes is refused (EINVAL).
      hasPeer: tcp && asked.ask(SOL_SOCKET, SO_PEERNAME, domain === AF_INET ? SOCKADDR_IN : SOCKADDR_IN6) === 0,
      passCredRefused: refusal(asked.ask(SOL_SOCKET, SO_PASSCRED, 4)),
    };
  } finally {
    asked.release();
  }
}

/** Whether what a unix socket receives comes with credentials or the like beside the data. */
export function hasControlMessages(sys: Sys, fd: number): boolean {
  const asked = new Asked(sys, fd);
  try {
    return [SO_PASSCRED, SO_PASSSEC, SO_PASSPIDFD, SO_TIMESTAMP].some((one) => asked.number(SOL_SOCKET, one) !== 0);
  } finally {
    asked.release();
  }
}

/** getsockopt(2) of one descriptor, with room for the answers. */
class Asked {
  readonly #sys: Sys;
  readonly #fd: number;
  readonly #mark: number;
  readonly #value: number;
  readonly #size: number;

  constructor(sys: Sys, fd: number) {
    this.#sys = sys;
    this.#fd = fd;
    this.#mark = sys.memory.mark();
    this.#value = sys.memory.alloc(SOCKADDR_IN6);
    this.#size = sys.memory.alloc(8);
  }

  /** 0 or -errno. */
  ask(level: number, option: number, room: number): number {
    this.#sys.memory.setU32(this.#size, room);
    return this.#sys.try("getsockopt", this.#fd, level, option, this.#value, this.#size);
  }

  /** A number; null where the call is refused. */
  value(level: number, option: number): number | null {
    return this.ask(level, option, 4) < 0 ? null : this.#sys.memory.i32(this.#value);
  }

  /** 0 also where the socket has no such option. */
  number(level: number, option: number): number {
    return this.value(level, option) ?? 0;
  }

  /** The first byte of a longer answer. */
  byte(level: number, option: number, room: number): number | null {
    return this.ask(level, option, room) < 0 ? null : this.#sys.memory.bytes(this.#value, 1)[0]!;
  }

  /** The length of its filter, as criu asks for it: or -errno. */
  filter(): number {
    this.#sys.memory.setU32(this.#size, 0);
    return this.#sys.try("getsockopt", this.#fd, SOL_SOCKET, SO_GET_FILTER, 0, this.#size);
  }

  release(): void {
    this.#sys.memory.release(this.#mark);
  }
}

function refusal(result: number): string | null {
  return result < 0 ? errnoName(-result) : null;
}
