import { decodeBytes } from "../ffi/bytes.ts";
import { message, Netlink, NLM_F_DUMP, NLM_F_REQUEST, parseAttributes } from "../ffi/netlink.ts";
import type { Sys } from "../ffi/sys.ts";
import { inNetNamespace } from "./net_namespace.ts";
import type { Task } from "./task.ts";

// linux/rtnetlink.h, linux/if_link.h, linux/if_tun.h
const RTM_GETLINK = 18;
const RTM_NEWLINK = 16;
const IFLA_IFNAME = 3;
const IFLA_LINKINFO = 18;
const IFLA_LINK_NETNSID = 37;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_TUN_PERSIST = 6;
/** Bytes of struct ifinfomsg. */
const IFINFO = 16;

/** A network device, as RTM_GETLINK tells of it. */
export interface NetDevice {
  readonly index: number;
  /** ARPHRD_* (linux/if_arp.h). */
  readonly type: number;
  readonly name: string;
  /** Such as `veth`; null for a device of hardware. */
  readonly kind: string | null;
  /** Whether its other end, or what it lies on, is in another network namespace. */
  readonly crosses: boolean;
  /** Of a tun device: whether it stays without anybody who has it open; null where the kernel does not tell. */
  readonly persistent: boolean | null;
}

/** The devices of a task's network namespace. Throws `SysError` where it may not be entered. */
export function netDevices(sys: Sys, task: Task): NetDevice[] {
  const mark = sys.memory.mark();
  try {
    using netlink = new Netlink(sys.memory);
    inNetNamespace(sys, task, () => netlink.connect(sys, "NETLINK_ROUTE"));
    const request = netlink.request(
      "RTM_GETLINK(dump)",
      message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, new Uint8Array(IFINFO)),
    );
    return netlink.ask(request).filter(({ type }) => type === RTM_NEWLINK).map(({ body }) => parseLink(body));
  } finally {
    sys.memory.release(mark);
  }
}

/** One RTM_NEWLINK without its header. */
export function parseLink(body: Uint8Array): NetDevice {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const attributes = parseAttributes(body.subarray(IFINFO));
  const info = parseAttributes(attributes.get(IFLA_LINKINFO) ?? new Uint8Array());
  const kind = info.get(IFLA_INFO_KIND);
  const persist = parseAttributes(info.get(IFLA_INFO_DATA) ?? new Uint8Array()).get(IFLA_TUN_PERSIST);
  const text = (bytes: Uint8Array) =>
    decodeBytes(bytes.subarray(0, bytes.indexOf(0) < 0 ? undefined : bytes.indexOf(0)));
  return {
    type: body.length >= 4 ? view.getUint16(2, true) : 0,
    index: body.length >= 8 ? view.getInt32(4, true) : 0,
    name: text(attributes.get(IFLA_IFNAME) ?? new Uint8Array()),
    kind: kind ? text(kind) : null,
    crosses: attributes.has(IFLA_LINK_NETNSID),
    persistent: kind && text(kind) === "tun" && persist ? persist[0] === 1 : null,
  };
}
