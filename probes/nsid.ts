import { attribute, message, Netlink, NLM_F_ACK, NLM_F_REQUEST, parseAttributes, u32 } from "../ffi/netlink.ts";
import { defineProbe, supported, unsupported } from "./probe.ts";

// linux/rtnetlink.h, linux/net_namespace.h
const RTM_NEWNSID = 88;
const RTM_GETNSID = 90;
const NETNSA_NSID = 1;
const NETNSA_PID = 2;
/** struct rtgenmsg with its padding: the family, none. */
const ANY_FAMILY = u32(0);

export default defineProbe({
  id: "nsid",
  criuName: "nsid",
  title: "ids of network namespaces (RTM_GETNSID)",
  category: null,
  subject: "KERNEL",
  since: "4.0",
  impact: "process trees with several network namespaces cannot be dumped",
  kconfig: ["CONFIG_NET"],
  modules: [],
  rights: [],
  mend: "boot Linux 4.0 or newer built with CONFIG_NET=y",
  references: ["man:rtnetlink(7)", "linux:net/core/net_namespace.c rtnl_net_getid", "criu:kerndat_has_nsid"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EOPNOTSUPP", "EINVAL", "EPROTONOSUPPORT", "EAFNOSUPPORT", "ENOSYS"],
  run({ sys, pid }) {
    using netlink = new Netlink(sys.memory);
    netlink.connect(sys, "NETLINK_ROUTE");
    const body = [ANY_FAMILY, attribute(NETNSA_PID, u32(pid))];
    const answers = netlink.ask(netlink.request(
      "RTM_GETNSID(NETNSA_PID)",
      message(RTM_GETNSID, NLM_F_REQUEST | NLM_F_ACK, ...body),
    ));
    // The id itself may be -1: none is assigned yet.
    const told = answers.some(({ type, body }) =>
      type === RTM_NEWNSID && parseAttributes(body.subarray(ANY_FAMILY.length)).get(NETNSA_NSID)?.length === 4
    );
    return told ? supported() : unsupported("RTM_GETNSID(NETNSA_PID) is answered without an id");
  },
});
