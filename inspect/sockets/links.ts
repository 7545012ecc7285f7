import { message, NLM_F_DUMP, NLM_F_REQUEST, parseAttributes } from "../../ffi/netlink.ts";

const RTM_GETLINK = 18;
/** struct ifinfomsg. */
const HEAD = 16;
/** linux/if.h */
const IFF_UP = 1;

/** A network device (rtnetlink(7)). */
export interface Link {
  readonly index: number;
  /** ARPHRD_* (linux/if_arp.h). */
  readonly type: number;
  readonly name: string;
  /** IFF_UP. */
  readonly up: boolean;
  /** Such as `veth`; null for a device that does not tell, such as a physical one. */
  readonly kind: string | null;
  /** Whether its other end is in another network namespace (veth). */
  readonly peerElsewhere: boolean;
  /** Of a tun or tap device: whether it stays when nobody holds it. */
  readonly persistent: boolean;
}

/** Asks for all devices of a namespace. */
export function linksRequest(): Uint8Array {
  return message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, new Uint8Array(HEAD));
}

/** Takes one answer apart; null for one that is cut off. */
export function parseLink(body: Uint8Array): Link | null {
  const IFNAME = 3, LINKINFO = 18, LINK_NETNSID = 37, KIND = 1, DATA = 2, TUN_PERSIST = 6;
  if (body.length < HEAD) return null;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const found = parseAttributes(body.subarray(HEAD));
  const info = found.get(LINKINFO);
  const details = info ? parseAttributes(info) : undefined;
  const data = details?.get(DATA);
  const kind = details?.get(KIND);
  return {
    index: view.getInt32(4, true),
    type: view.getUint16(2, true),
    name: text(found.get(IFNAME)) ?? "",
    up: (view.getUint32(8, true) & IFF_UP) !== 0,
    kind: text(kind),
    peerElsewhere: found.has(LINK_NETNSID),
    persistent: data !== undefined && (parseAttributes(data).get(TUN_PERSIST)?.[0] ?? 0) !== 0,
  };
}

function text(bytes: Uint8Array | undefined): string | null {
  if (!bytes) return null;
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
