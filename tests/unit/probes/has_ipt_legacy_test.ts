import has_ipt_legacy from "../../../probes/has_ipt_legacy.ts";
import type { Call } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const LEGACY = "iptables-save v1.8.9 (legacy)\n";
const NFT = "iptables-save v1.8.9 (nf_tables)\n";
/** Programs of /sbin, by name: what they say to -V, or the code they fail with. */
const sbin = (programs: Record<string, string | number>, ipv6 = false) => ({
  environment: { PATH: "relative::/sbin" },
  files: {
    ...Object.fromEntries(Object.keys(programs).map((name) => [`/sbin/${name}`, ""])),
    ...(ipv6 ? { "/proc/sys/net/ipv6": "" } : {}),
  },
  programs: Object.fromEntries(
    Object.entries(programs).map(([name, said]) =>
      [`/sbin/${name}`, typeof said === "number" ? { code: said } : { output: said }] as const
    ),
  ),
});

probeCases(has_ipt_legacy, [
  ["iptables is the legacy one", sbin({ "iptables-save": LEGACY }), "SUPPORTED"],
  ["iptables is older than both", sbin({ "iptables-save": "iptables-save v1.6.1\n" }), "SUPPORTED"],
  [
    "the legacy one stands beside",
    sbin({ "iptables-save": NFT, "iptables-legacy-save": LEGACY }),
    "SUPPORTED",
  ],
  ["only the nft one is there", sbin({ "iptables-save": NFT }), "UNSUPPORTED", /nf_tables.*legacy-save is not in PATH/],
  ["it fails", sbin({ "iptables-save": 1 }), "UNSUPPORTED", /exit code 1/],
  ["none is there", sbin({}), "UNSUPPORTED", /iptables-save is not in PATH/],
  ["IPv6 has none", sbin({ "iptables-save": LEGACY }, true), "UNSUPPORTED", /ip6tables-save/],
  ["IPv6 has one too", sbin({ "iptables-save": LEGACY, "ip6tables-save": LEGACY }, true), "SUPPORTED"],
  [
    "others may write it",
    {
      ...sbin({ "iptables-save": LEGACY }),
      calls: {
        statx({ args, memory }: Call) {
          memory.setU32(args[4]!, 0x7ff);
          memory.setU16(args[4]! + 28, 0o100777);
          return 0;
        },
      },
    },
    "INCONCLUSIVE",
    /may be written by others/,
  ],
  ["no child can be made", { ...sbin({ "iptables-save": LEGACY }), clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);
