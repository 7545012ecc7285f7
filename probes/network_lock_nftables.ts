import { attribute, be32, cstring, message, Netlink, NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST } from "../ffi/netlink.ts";
import { CLONE_NEWNET } from "../ffi/uapi.ts";
import { defineProbe, supported } from "./probe.ts";
import { TRACING } from "./rights.ts";
import { notAskedUnprivileged, noteUser } from "./unprivileged.ts";

// linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_NEWTABLE = NFNL_SUBSYS_NFTABLES << 8;
const NFT_MSG_NEWSET = NFT_MSG_NEWTABLE | 9;
const NFTA_TABLE_NAME = 1;
const NFTA_SET_TABLE = 1;
const NFTA_SET_NAME = 2;
const NFTA_SET_FLAGS = 3;
const NFTA_SET_KEY_TYPE = 4;
const NFTA_SET_KEY_LEN = 5;
const NFTA_SET_ID = 10;
const NFPROTO_INET = 1;
/** libnftables' number for `ipv4_addr . inet_service`: six bits for each type. */
const ADDRESS_AND_PORT = 7 << 6 | 13;

/** struct nfgenmsg { u8 family, version; be16 res_id; } */
const BATCH = [0, 0, 0, NFNL_SUBSYS_NFTABLES];
const INET = [NFPROTO_INET, 0, 0, 0];

/** One transaction of nf_tables: a command between the marks of its batch. */
function transaction(type: number, ...attributes: Uint8Array[]): Uint8Array[] {
  return [
    message(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, BATCH),
    message(type, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, INET, ...attributes),
    message(NFNL_MSG_BATCH_END, NLM_F_REQUEST, BATCH),
  ];
}

export default defineProbe({
  id: "network_lock_nftables",
  criuName: "network_lock_nftables",
  title: "locking connections by an nftables set of addresses and ports",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.1",
  impact:
    "connections cannot be locked with nftables while a dump runs (--network-lock nftables, which also takes a criu " +
    "that was built with libnftables)",
  kconfig: ["CONFIG_NF_TABLES", "CONFIG_NF_TABLES_INET", "CONFIG_NETFILTER", "CONFIG_NET_NS"],
  modules: ["nf_tables"],
  rights: [
    { capability: "CAP_SYS_ADMIN", over: "own" },
    { capability: "CAP_NET_ADMIN", over: "own" },
    ...TRACING,
  ],
  mend: "boot Linux 4.1 or newer built with CONFIG_NF_TABLES, and CONFIG_NF_TABLES_INET=y; criu itself must be built " +
    "with libnftables",
  references: ["man:nft(8)", "linux:net/netfilter/nf_tables_api.c", "criu:kerndat_has_nftables_concat"],
  autoloads: ["nfnetlink", "nf_tables", "nf_tables_inet", "nf_tables_set", "nft_set_hash"],
  criuFaults: [notAskedUnprivileged("network_lock_nftables")],
  absentOn: ["EINVAL", "EOPNOTSUPP", "EPROTONOSUPPORT", "EAFNOSUPPORT", "ENOENT"],
  run(kernel) {
    const { sys, subject } = kernel;
    noteUser(kernel);
    const netlink = new Netlink(sys.memory);
    const table = netlink.request(
      "NFT_MSG_NEWTABLE(inet)",
      ...transaction(NFT_MSG_NEWTABLE, attribute(NFTA_TABLE_NAME, cstring("CREADY"))),
    );
    const set = netlink.request(
      "NFT_MSG_NEWSET(ipv4_addr . inet_service)",
      ...transaction(
        NFT_MSG_NEWSET,
        attribute(NFTA_SET_TABLE, cstring("CREADY")),
        attribute(NFTA_SET_NAME, cstring("conn")),
        attribute(NFTA_SET_FLAGS, be32(0)),
        attribute(NFTA_SET_KEY_TYPE, be32(ADDRESS_AND_PORT)),
        attribute(NFTA_SET_KEY_LEN, be32(8)),
        attribute(NFTA_SET_ID, be32(1)),
      ),
    );
    // Tables are lost with the network namespace, and that with the child.
    using child = subject({ cloneFlags: CLONE_NEWNET, cloneText: "CLONE_NEWNET" });
    netlink.connect(child.sys, "NETLINK_NETFILTER", (address, size) => child.read(address, size));
    netlink.ask(table);
    netlink.ask(set);
    return supported();
  },
});
