import { attribute, cstring, message, Netlink, NetlinkError, NLM_F_ACK, NLM_F_REQUEST, u32 } from "../ffi/netlink.ts";
import { defineProbe, inconclusive, supported, unsupported } from "./probe.ts";

// linux/rtnetlink.h, linux/if_link.h
const RTM_SETLINK = 19;
const IFLA_IFNAME = 3;
const IFLA_NEW_IFINDEX = 49;
/** struct ifinfomsg without anything. */
const NO_LINK = new Uint8Array(16);
/** At most 15 characters; nobody has one of that name, and if so, nothing of it is asked to be changed. */
const NOBODY = "cready-no-link";

export default defineProbe({
  id: "newifindex",
  criuName: "newifindex",
  title: "choosing the index of a network device that is moved (IFLA_NEW_IFINDEX)",
  category: "EXTRA",
  subject: "KERNEL",
  since: "5.13",
  impact: "network devices that are moved into a restored network namespace do not get their old index",
  kconfig: ["CONFIG_NET"],
  modules: [],
  rights: [{ capability: "CAP_NET_ADMIN", over: "net" }],
  mend: "boot Linux 5.13 or newer",
  references: ["man:rtnetlink(7)", "linux:net/core/rtnetlink.c do_setlink", "criu:kerndat_has_newifindex"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EPROTONOSUPPORT", "EAFNOSUPPORT", "ENOSYS"],
  run({ sys }) {
    using netlink = new Netlink(sys.memory);
    netlink.connect(sys, "NETLINK_ROUTE");
    const body = [NO_LINK, attribute(IFLA_NEW_IFINDEX, u32(-1)), attribute(IFLA_IFNAME, cstring(NOBODY))];
    const call = "RTM_SETLINK(no such device, IFLA_NEW_IFINDEX -1)";
    const { error } = netlink.look(netlink.request(
      call,
      message(RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK, ...body),
    ));
    if (error === 0) return inconclusive(`${call} succeeds, though there is no such device`);
    // A kernel that knows the attribute finds its value out of range; one that does not looks for the device first.
    const answer = new NetlinkError(call, -error);
    if (answer.code === "ERANGE") return supported();
    if (answer.code === "ENODEV") return unsupported(answer.message);
    throw answer;
  },
});
