import { Netlink } from "../ffi/netlink.ts";
import { defineProbe, supported } from "./probe.ts";
import { diagRequest } from "./sock_diag.ts";

export default defineProbe({
  id: "net_diag_raw",
  criuName: "net_diag_raw",
  title: "socket monitoring (NETLINK_SOCK_DIAG) of raw IP sockets",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.10",
  impact: "processes with raw IP sockets, such as ping, cannot be dumped",
  kconfig: ["CONFIG_INET_RAW_DIAG", "CONFIG_INET_DIAG"],
  modules: ["raw_diag", "inet_diag"],
  rights: [],
  mend: "boot Linux 4.10 or newer built with CONFIG_INET_RAW_DIAG=y",
  references: ["man:sock_diag(7)", "linux:net/ipv4/raw_diag.c", "criu:check_net_diag_raw"],
  autoloads: ["raw_diag", "inet_diag"],
  criuFaults: [{
    when: ["UNSUPPORTED", "BLOCKED"],
    applies: (_answer, evidence) => evidence.some(({ call, errno }) => call.includes("RAW") && errno === "ENOENT"),
    says: "SUPPORTED",
    why: "it turns the kernel's ENOENT for raw sockets into success before it looks whether they were collected",
    reproduce:
      "criu check --feature net_diag_raw on a kernel without CONFIG_INET_RAW_DIAG, or with raw_diag not loadable",
  }],
  absentOn: ["ENOENT", "EPROTONOSUPPORT", "EAFNOSUPPORT", "ENOSYS"],
  run({ sys }) {
    using netlink = new Netlink(sys.memory);
    netlink.connect(sys, "NETLINK_SOCK_DIAG");
    netlink.ask(diagRequest(netlink, "AF_INET", "RAW"));
    netlink.ask(diagRequest(netlink, "AF_INET6", "RAW"));
    return supported();
  },
});
