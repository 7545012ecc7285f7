import {
  attribute,
  cstring,
  message,
  Netlink,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_REQUEST,
  parseAttributes,
  type Request,
  u32,
} from "../ffi/netlink.ts";
import { AT_FDCWD, CLONE_NEWNET, O_CLOEXEC, O_RDONLY } from "../ffi/uapi.ts";
import { defineProbe, lacking, supported } from "./probe.ts";
import { TRACING } from "./rights.ts";
import { notAskedUnprivileged, noteUser } from "./unprivileged.ts";

// linux/rtnetlink.h, linux/if_link.h, linux/veth.h
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const IFLA_IFNAME = 3;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_NET_NS_FD = 28;
const IFLA_LINK_NETNSID = 37;
const VETH_INFO_PEER = 1;
/** struct ifinfomsg without anything. */
const ANY_LINK = new Uint8Array(16);

export default defineProbe({
  id: "link_nsid",
  criuName: "link_nsid",
  title: "the network namespace of a device's other end (IFLA_LINK_NETNSID)",
  category: null,
  subject: "KERNEL",
  since: "4.0",
  impact: "veth pairs between two dumped network namespaces cannot be restored",
  kconfig: ["CONFIG_VETH", "CONFIG_NET_NS"],
  modules: ["veth"],
  rights: [
    { capability: "CAP_SYS_ADMIN", over: "own" },
    { capability: "CAP_NET_ADMIN", over: "own" },
    ...TRACING,
  ],
  mend: "boot Linux 4.0 or newer built with CONFIG_VETH and CONFIG_NET_NS=y",
  references: [
    "man:rtnetlink(7)",
    "man:veth(4)",
    "linux:net/core/rtnetlink.c rtnl_fill_link_netnsid",
    "criu:check_link_nsid",
  ],
  autoloads: ["veth"],
  criuFaults: [notAskedUnprivileged("link_nsid")],
  slow: "it makes two network namespaces, while the kernel may still take those of the last run away",
  absentOn: ["EINVAL", "EOPNOTSUPP", "EPROTONOSUPPORT", "EAFNOSUPPORT"],
  run(kernel) {
    const { sys, host, subject } = kernel;
    const { memory } = sys;
    const netlink = new Netlink(memory);
    const create = newPair(netlink);
    const name = attribute(IFLA_IFNAME, cstring("veth"));
    const show = netlink.request("RTM_GETLINK(veth)", message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK, ANY_LINK, name));
    const path = memory.cstring("/proc/self/ns/net");
    // Two network namespaces of the child's own: one end of the pair goes into the first, the other stays in the second.
    using child = subject({ cloneFlags: CLONE_NEWNET, cloneText: "CLONE_NEWNET" });
    const first = child.sys.call("openat", AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    child.sys.ask("unshare(CLONE_NEWNET)", CLONE_NEWNET);
    netlink.connect(child.sys, "NETLINK_ROUTE", (address, size) => child.read(address, size));
    child.pokeWord(create.namespace, NAMESPACE_WORD + first * 2 ** 32);
    netlink.ask(create);
    const seen = netlink.ask(show).some(({ type, body }) =>
      type === RTM_NEWLINK && parseAttributes(body.subarray(ANY_LINK.length)).has(IFLA_LINK_NETNSID)
    );
    noteUser(kernel);
    if (seen) return supported();
    const reason = "RTM_GETLINK(veth) shows no IFLA_LINK_NETNSID for one end of a veth pair";
    // Both ends are in one namespace when a seccomp filter made up the success of unshare.
    return lacking(host, reason);
  },
});

/** The header of an IFLA_NET_NS_FD attribute (8 bytes long); the descriptor follows it. */
const NAMESPACE_WORD = 8 + IFLA_NET_NS_FD * 2 ** 16;

/** The request for a veth pair, and where in it the other end's namespace has to be written. */
function newPair(netlink: Netlink): Request & { readonly namespace: number } {
  const peer = attribute(VETH_INFO_PEER, ANY_LINK, attribute(IFLA_NET_NS_FD, u32(0)));
  const info = attribute(
    IFLA_LINKINFO,
    attribute(IFLA_INFO_KIND, cstring("veth")),
    attribute(IFLA_INFO_DATA, peer),
  );
  // The last attribute of all is the one with the descriptor, so that it is the last word.
  const request = netlink.request(
    "RTM_NEWLINK(veth)",
    message(
      RTM_NEWLINK,
      NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
      ANY_LINK,
      attribute(IFLA_IFNAME, cstring("veth")),
      info,
    ),
  );
  return { ...request, namespace: request.address + request.size - 8 };
}
