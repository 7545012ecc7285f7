import { errnoName } from "../../ffi/errno.ts";
import type { SmallCall } from "../../ffi/libc.ts";
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

/** Asks sockets that are descriptors of this process, one after the other; `using` gives its scratch memory back. */
export class SocketAsker implements Disposable {
  readonly #sys: Sys;
  readonly #getsockopt: SmallCall;
  readonly #mark: number;
  readonly #at: number;
  readonly #size: number;
  /** Whether SO_PASSCRED is refused depends on the family alone. */
  readonly #passCred = new Map<number, string | null>();

  constructor(sys: Sys) {
    this.#sys = sys;
    this.#getsockopt = sys.small("getsockopt");
    this.#mark = sys.memory.mark();
    this.#at = sys.memory.alloc(SOCKADDR_IN6);
    this.#size = sys.memory.alloc(8);
  }

  /** What criu asks of a descriptor; null where it is no socket. */
  options(fd: number): SocketOptions | null {
    const domain = this.#number(fd, SOL_SOCKET, SO_DOMAIN, -1);
    if (domain < 0) return null;
    // The length of the filter, as criu asks for it.
    const ebpfFilter = this.#ask(fd, SOL_SOCKET, SO_GET_FILTER, 0, 0) === -EACCES;
    if (domain === AF_UNIX) return { ...PLAIN, domain, ebpfFilter };
    const type = this.#number(fd, SOL_SOCKET, SO_TYPE), protocol = this.#number(fd, SOL_SOCKET, SO_PROTOCOL);
    const inet = domain === AF_INET || domain === AF_INET6;
    const udp = inet && type === SOCK_DGRAM && (protocol === IPPROTO_UDP || protocol === IPPROTO_UDPLITE);
    const tcp = inet && type === SOCK_STREAM && protocol === IPPROTO_TCP;
    return {
      domain,
      type,
      protocol,
      ebpfFilter,
      // Both protocols take the option under the level of UDP.
      corked: udp && this.#number(fd, IPPROTO_UDP, UDP_CORK) !== 0,
      tcpState: tcp ? this.#tcpState(fd) : null,
      // More room than the family's address takes is refused (EINVAL).
      hasPeer: tcp && this.#ask(fd, SOL_SOCKET, SO_PEERNAME, domain === AF_INET ? SOCKADDR_IN : SOCKADDR_IN6) === 0,
      passCredRefused: this.#passCredOf(fd, domain),
    };
  }

  /** Whether what a unix socket receives comes with credentials or the like beside the data. */
  hasControlMessages(fd: number): boolean {
    return [SO_PASSCRED, SO_PASSSEC, SO_PASSPIDFD, SO_TIMESTAMP].some((one) => this.#number(fd, SOL_SOCKET, one) !== 0);
  }

  /** 0 or -errno. */
  #ask(fd: number, level: number, option: number, room: number, at = this.#at): number {
    this.#sys.memory.setU32(this.#size, room);
    return this.#getsockopt(fd, level, option, at, this.#size);
  }

  /** `otherwise` where the socket has no such option. */
  #number(fd: number, level: number, option: number, otherwise = 0): number {
    return this.#ask(fd, level, option, 4) < 0 ? otherwise : this.#sys.memory.i32(this.#at);
  }

  /** The first byte of struct tcp_info. */
  #tcpState(fd: number): number | null {
    return this.#ask(fd, IPPROTO_TCP, TCP_INFO, 8) < 0 ? null : this.#sys.memory.u8(this.#at);
  }

  #passCredOf(fd: number, domain: number): string | null {
    let refused = this.#passCred.get(domain);
    if (refused === undefined) {
      const result = this.#ask(fd, SOL_SOCKET, SO_PASSCRED, 4);
      refused = result < 0 ? errnoName(-result) : null;
      this.#passCred.set(domain, refused);
    }
    return refused;
  }

  [Symbol.dispose](): void {
    this.#sys.memory.release(this.#mark);
  }
}
