import { message, NLM_F_DUMP, NLM_F_REQUEST, parseAttributes, u32 } from "../../ffi/netlink.ts";
import { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX, IPPROTO_TCP } from "../../ffi/uapi.ts";

/** linux/sock_diag.h */
const SOCK_DIAG_BY_FAMILY = 20;
/** States of net/tcp_states.h, which unix sockets use too. */
export const TCP = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
  CLOSING: 11,
} as const;
/** The states of TCP that criu asks for; a socket in another one is not connected, or not whole yet. */
const TCP_STATES = [
  TCP.LISTEN,
  TCP.ESTABLISHED,
  TCP.FIN_WAIT1,
  TCP.FIN_WAIT2,
  TCP.CLOSE_WAIT,
  TCP.LAST_ACK,
  TCP.CLOSING,
  TCP.SYN_SENT,
].reduce((mask, state) => mask | 1 << state, 0);
const ALL_STATES = 0xffffffff;

/** A unix socket (linux/unix_diag.h). */
export interface UnixSocket {
  readonly family: "UNIX";
  readonly ino: number;
  /** SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_SEQPACKET 5. */
  readonly type: number;
  readonly state: number;
  /** Inode of the other end; 0 where there is none. */
  readonly peer: number;
  /** As bound; an abstract one begins with NUL. Null where it is not bound. */
  readonly name: Uint8Array | null;
  /** Inodes of the clients that a listener has not accepted; 0 for one that is closed. */
  readonly icons: readonly number[];
  /** Bytes to be read; of a listener, connections to be accepted. */
  readonly rqueue: number;
  readonly wqueue: number;
  /** 1 no more is read, 2 no more is written, 3 both. */
  readonly shutdown: number;
}

/** A socket of IPv4 or IPv6 (linux/inet_diag.h). */
export interface InetSocket {
  readonly family: "INET";
  readonly version: 4 | 6;
  readonly protocol: number;
  readonly ino: number;
  readonly state: number;
  /** 4 or 16 bytes. */
  readonly source: Uint8Array;
  readonly sourcePort: number;
  readonly destination: Uint8Array;
  readonly destinationPort: number;
  /** The interface that it is bound to; 0 for none. */
  readonly interface: number;
  readonly rqueue: number;
  /** What runs on top of TCP, such as `tls`. */
  readonly ulp: string | null;
  /** Whether segments are signed (TCP MD5). */
  readonly signed: boolean;
}

/** A packet socket (linux/packet_diag.h). */
export interface PacketSocket {
  readonly family: "PACKET";
  readonly ino: number;
  readonly memberships: readonly { readonly count: number; readonly type: number }[];
}

/** A netlink socket (linux/netlink_diag.h). */
export interface NetlinkSocket {
  readonly family: "NETLINK";
  readonly ino: number;
  readonly portid: number;
  /** The groups as bits, lowest first; null where it is in none and never was. */
  readonly groups: Uint8Array | null;
  /** Bytes that its queue holds. */
  readonly queued: number;
}

export type DiagSocket = UnixSocket | InetSocket | PacketSocket | NetlinkSocket;

/** One question to the kernel: all sockets of a family and protocol. */
export interface DiagQuestion {
  /** Such as `AF_INET, 6`. */
  readonly text: string;
  readonly message: Uint8Array;
  /** Takes one answer apart; null for one that is cut off. */
  parse(body: Uint8Array): DiagSocket | null;
}

const request = (body: Uint8Array) => message(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, body);

/** struct unix_diag_req: NAME, VFS, PEER, ICONS and RQLEN are shown, as criu has them. */
export function unixQuestion(): DiagQuestion {
  const SHOW = 0x1f;
  return {
    text: "AF_UNIX",
    message: request(u32(AF_UNIX, ALL_STATES, 0, SHOW, 0, 0)),
    parse: parseUnix,
  };
}

/** struct inet_diag_req_v2. */
export function inetQuestion(version: 4 | 6, protocol: number): DiagQuestion {
  const family = version === 4 ? AF_INET : AF_INET6;
  const body = new Uint8Array(56);
  body.set(u32(family | protocol << 8, protocol === IPPROTO_TCP ? TCP_STATES : ALL_STATES));
  return {
    text: `AF_INET${version === 4 ? "" : "6"}, ${protocol}`,
    message: request(body),
    parse: (answer) => parseInet(answer, version, protocol),
  };
}

/** struct packet_diag_req: MCLIST is shown. */
export function packetQuestion(): DiagQuestion {
  const SHOW_MCLIST = 2;
  return { text: "AF_PACKET", message: request(u32(AF_PACKET, 0, SHOW_MCLIST, 0, 0)), parse: parsePacket };
}

/** struct netlink_diag_req: MEMINFO and GROUPS are shown, of all protocols. */
export function netlinkQuestion(): DiagQuestion {
  const NDIAG_PROTO_ALL = 0xff, SHOW = 3;
  return {
    text: "AF_NETLINK",
    message: request(u32(AF_NETLINK | NDIAG_PROTO_ALL << 8, 0, SHOW, 0, 0)),
    parse: parseNetlink,
  };
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const numberAt = (bytes: Uint8Array | undefined, at: number): number =>
  bytes !== undefined && bytes.length >= at + 4 ? viewOf(bytes).getUint32(at, true) : 0;

/** struct unix_diag_msg and its attributes. */
export function parseUnix(body: Uint8Array): UnixSocket | null {
  const HEAD = 16, NAME = 0, PEER = 2, ICONS = 3, RQLEN = 4, SHUTDOWN = 6;
  if (body.length < HEAD) return null;
  const found = parseAttributes(body.subarray(HEAD));
  const icons = found.get(ICONS);
  const queues = found.get(RQLEN);
  return {
    family: "UNIX",
    ino: numberAt(body, 4),
    type: body[1]!,
    state: body[2]!,
    peer: numberAt(found.get(PEER), 0),
    name: found.get(NAME) ?? null,
    icons: icons ? Array.from({ length: icons.length >> 2 }, (_, i) => numberAt(icons, i * 4)) : [],
    rqueue: numberAt(queues, 0),
    wqueue: numberAt(queues, 4),
    shutdown: found.get(SHUTDOWN)?.[0] ?? 0,
  };
}

/** struct inet_diag_msg and its attributes. */
export function parseInet(body: Uint8Array, version: 4 | 6, protocol: number): InetSocket | null {
  const HEAD = 72, MD5SIG = 18, ULP_INFO = 19, ULP_NAME = 1;
  if (body.length < HEAD) return null;
  const view = viewOf(body);
  const size = version === 4 ? 4 : 16;
  // Most sockets have none of the attributes that matter, and attributes of others are not looked through.
  const found = protocol === IPPROTO_TCP && body.length > HEAD ? parseAttributes(body.subarray(HEAD)) : undefined;
  const ulp = found?.get(ULP_INFO);
  const name = ulp ? parseAttributes(ulp).get(ULP_NAME) : undefined;
  return {
    family: "INET",
    version,
    protocol,
    ino: view.getUint32(68, true),
    state: body[1]!,
    source: body.subarray(8, 8 + size),
    sourcePort: view.getUint16(4),
    destination: body.subarray(24, 24 + size),
    destinationPort: view.getUint16(6),
    interface: view.getUint32(40, true),
    rqueue: view.getUint32(56, true),
    ulp: name ? text(name) : null,
    signed: (found?.get(MD5SIG)?.length ?? 0) > 0,
  };
}

/** struct packet_diag_msg and its attributes. */
export function parsePacket(body: Uint8Array): PacketSocket | null {
  const HEAD = 16, MCLIST = 1, ENTRY = 44; // struct packet_diag_mclist
  if (body.length < HEAD) return null;
  const list = parseAttributes(body.subarray(HEAD)).get(MCLIST) ?? new Uint8Array();
  const view = viewOf(list);
  const memberships = Array.from({ length: Math.floor(list.length / ENTRY) }, (_, i) => ({
    count: view.getUint32(i * ENTRY + 4, true),
    type: view.getUint16(i * ENTRY + 8, true),
  }));
  return { family: "PACKET", ino: numberAt(body, 4), memberships };
}

/** struct netlink_diag_msg and its attributes. */
export function parseNetlink(body: Uint8Array): NetlinkSocket | null {
  const HEAD = 28, MEMINFO = 0, GROUPS = 1;
  if (body.length < HEAD) return null;
  const found = parseAttributes(body.subarray(HEAD));
  return {
    family: "NETLINK",
    ino: numberAt(body, 16),
    portid: numberAt(body, 4),
    groups: found.get(GROUPS) ?? null,
    queued: numberAt(found.get(MEMINFO), 0), // SK_MEMINFO_RMEM_ALLOC
  };
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
