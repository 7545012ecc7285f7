import { errnoName } from "../../ffi/errno.ts";
import { Fd } from "../../ffi/fd.ts";
import type { Sys } from "../../ffi/sys.ts";
import { AF_INET, AF_INET6, AF_UNIX, IPPROTO_TCP, SOCK_CLOEXEC, SOCK_STREAM, SOL_SOCKET } from "../../ffi/uapi.ts";
import type { InetSocket, UnixSocket } from "../../proto/gen/images_pb.ts";
import { type Item, same } from "../item.ts";
import { need, option, ownNamespace, type RestoreContext } from "./context.ts";

const SO_REUSEADDR = 2, SO_REUSEPORT = 15;
const SOL_IP = 0, IP_FREEBIND = 15;
/** CRIU's marks on Unix sockets: the peer is outside of the dump. */
const USK_EXTERN = 1;

/** Addresses and ports that must be there and free, connections, and peers outside of the dump. */
export function judgeSockets(context: RestoreContext): Item[] {
  const { facts, sys } = context;
  const ownNet = ownNamespace(context, "netNsId");
  const connected = facts.inetSockets.filter(isConnection);
  const items: Item[] = [];
  if (facts.inventory.tcpClose) items.push(option(context, "--tcp-close", "it was dumped with that option"));
  else if (connected.length > 0) {
    items.push(option(context, "--tcp-established", `${connected.length} TCP connections are in the dump`));
    items.push(...judgeRepair(context));
  }
  if (!ownNet) {
    for (const socket of facts.inetSockets) {
      const fault = bindFault(sys, socket, isConnection(socket));
      if (fault) items.push(fault);
    }
    for (const socket of facts.unixSockets) {
      const fault = abstractFault(sys, socket);
      if (fault) items.push(fault);
    }
  }
  if (facts.unixSockets.some(({ uflags }) => uflags & USK_EXTERN)) {
    items.push(option(context, "--ext-unix-sk", "a Unix socket is connected to a peer outside of the dump"));
    items.push(...judgePeers(context));
  }
  items.push(...judgeUnixPeers(facts.unixSockets));
  return items.length > 0 ? items : [same("sockets", `${facts.inetSockets.length + facts.unixSockets.length}`)];
}

/** As CRIU decides: also one that the peer has reset still names its peer. */
function isConnection({ proto, dstPort }: InetSocket): boolean {
  return proto === IPPROTO_TCP && dstPort !== 0;
}

/** What repairing a connection needs of the kernel. */
function judgeRepair(context: RestoreContext): Item[] {
  return ["tcp_repair", "tcp_repair_window"].flatMap((id) => {
    const verdict = context.verdict(id);
    if (verdict === "SUPPORTED") return [];
    const severity = verdict === "INCONCLUSIVE" ? "unknown" : "blocks";
    return [
      need(
        `feature.${id}`,
        "needed",
        verdict,
        severity,
        "TCP connections cannot be made again without it",
        `cready explain ${id}`,
      ),
    ];
  });
}

/** Binds as CRIU does, and lets go at once: the only way to know. Nothing is ever listened on. */
function bindFault(sys: Sys, socket: InetSocket, connection: boolean): Item | undefined {
  const address = sockaddr(socket, connection);
  // A socket without a port was never bound.
  if (!address || socket.srcPort === 0) return undefined;
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const created = sys.try("socket", socket.family, socket.type | SOCK_CLOEXEC, socket.proto);
    if (created < 0) {
      const reason = "such a socket cannot be made here";
      return need(`socket.${label(socket)}`, "needed", errnoName(-created), "blocks", reason);
    }
    using fd = new Fd(sys, created);
    const one = memory.store([1, 0, 0, 0]);
    for (const name of [SO_REUSEADDR, SO_REUSEPORT]) sys.try("setsockopt", fd.number, SOL_SOCKET, name, one, 4);
    if (socket.family === AF_INET6 || socket.ipOpts?.freebind) {
      sys.try("setsockopt", fd.number, SOL_IP, IP_FREEBIND, one, 4);
    }
    const at = memory.store(address);
    const bound = sys.try("bind", fd.number, at, address.length);
    if (bound === 0) return undefined;
    const code = errnoName(-bound);
    const remedy = code === "EADDRNOTAVAIL"
      ? "give this machine the address, or restore in a network namespace that has it"
      : "end what holds the port";
    return need(`socket.${label(socket)}`, "bound", code, "blocks", "criu binds the socket to its old address", remedy);
  } finally {
    memory.release(mark);
  }
}

/** struct sockaddr_in or sockaddr_in6; a connection shares its port with its listener, so it is not asked for the port. */
function sockaddr({ family, srcAddr, srcPort }: InetSocket, connection: boolean): Uint8Array | undefined {
  const bytes = new Uint8Array(family === AF_INET6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, connection ? 0 : srcPort);
  const words = family === AF_INET ? 1 : family === AF_INET6 ? 4 : 0;
  if (words === 0 || srcAddr.length < words) return undefined;
  // The image has the address's bytes as they lie in memory.
  for (let i = 0; i < words; i++) view.setUint32((family === AF_INET ? 4 : 8) + i * 4, srcAddr[i]!, true);
  return bytes;
}

function label({ family, srcAddr, srcPort, proto, type }: InetSocket): string {
  const protocol = proto === IPPROTO_TCP || type === SOCK_STREAM ? "tcp" : "udp";
  const bytes = srcAddr.flatMap((word) => [word & 0xff, word >>> 8 & 0xff, word >>> 16 & 0xff, word >>> 24]);
  const address = family === AF_INET
    ? bytes.slice(0, 4).join(".")
    : `[${Array.from({ length: 8 }, (_, i) => ((bytes[i * 2]! << 8) | bytes[i * 2 + 1]!).toString(16)).join(":")}]`;
  return `${protocol}.${address}:${srcPort}`;
}

/** A Unix socket with an abstract name, which only one may have. One with a path is made anew over what is there. */
function abstractFault(sys: Sys, { name, type, uflags, ino }: UnixSocket): Item | undefined {
  if (name.length < 2 || name[0] !== 0 || uflags & USK_EXTERN || ino === 0) return undefined;
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const created = sys.try("socket", AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (created < 0) return undefined;
    using fd = new Fd(sys, created);
    const at = memory.store([AF_UNIX, 0, ...name]);
    const bound = sys.try("bind", fd.number, at, 2 + name.length);
    if (bound === 0) return undefined;
    const shown = new TextDecoder().decode(name.subarray(1)).replaceAll("\0", "@");
    return need(
      `socket.unix.@${shown}`,
      "bound",
      errnoName(-bound),
      "blocks",
      "its abstract name is taken here",
      "end what holds the name",
    );
  } finally {
    memory.release(mark);
  }
}

/** Every Unix socket that names a peer must have it in the dump, if only as one that is outside. */
function judgeUnixPeers(sockets: readonly UnixSocket[]): Item[] {
  const known = new Set(sockets.map(({ ino }) => ino));
  return sockets.filter(({ peer }) => peer !== 0 && !known.has(peer)).map(({ ino }) =>
    need(
      `socket.unix.${ino}`,
      "connected",
      null,
      "blocks",
      "the dump says nothing of its peer, such as a listener outside that had not accepted it yet",
    )
  );
}

/** Peers outside of the dump: CRIU connects to their names again. */
function judgePeers(context: RestoreContext): Item[] {
  return context.facts.unixSockets.filter(({ uflags }) => uflags & USK_EXTERN).flatMap(({ name }) => {
    if (name.length === 0 || name[0] === 0) return [];
    const path = new TextDecoder().decode(name).replace(/\0.*$/s, "");
    return context.host.exists(path) ? [] : [
      need(
        `socket.unix.${path}`,
        "connected",
        "ENOENT",
        "blocks",
        "criu connects to this socket again, and nobody listens there",
        "start the service that has it",
      ),
    ];
  });
}
