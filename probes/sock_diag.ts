import { message, Netlink, NetlinkError, NLM_F_DUMP, NLM_F_REQUEST, type Request, u32 } from "../ffi/netlink.ts";
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
  IPPROTO_RAW,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
} from "../ffi/uapi.ts";
import type { Host } from "../host/host.ts";
import { type Answer, defineProbe, type Remedy, supported } from "./probe.ts";
import { absenceRemedies, onDiskOnly, type Origin } from "./remedies.ts";

const SOCK_DIAG_BY_FAMILY = 20;
/** Bytes of struct inet_diag_req_v2, the largest of the requests; the others are as long as it in CRIU too. */
const REQUEST = 56;
const NETLINK_SOCK_DIAG = 4;

const FAMILIES = { AF_UNIX, AF_INET, AF_INET6, AF_PACKET, AF_NETLINK } as const;
const PROTOCOLS = { TCP: IPPROTO_TCP, UDP: IPPROTO_UDP, UDPLITE: IPPROTO_UDPLITE, RAW: IPPROTO_RAW } as const;

/**
 * The request for the sockets of a family and protocol. It names no state, so that a machine with many sockets
 * answers as fast: the handler is needed all the same.
 */
export function diagRequest(
  netlink: Netlink,
  family: keyof typeof FAMILIES,
  protocol?: keyof typeof PROTOCOLS,
): Request {
  // The netlink handler takes a protocol; the one of our own socket has few. The packet handler takes none.
  const number = protocol ? PROTOCOLS[protocol] : family === "AF_NETLINK" ? NETLINK_SOCK_DIAG : 0;
  const body = new Uint8Array(REQUEST);
  body.set(u32(FAMILIES[family] | number << 8));
  return netlink.request(
    `SOCK_DIAG_BY_FAMILY(${family}${protocol ? `, ${protocol}` : ""})`,
    message(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, body),
  );
}

type Need = Origin & { readonly ask: readonly (readonly [keyof typeof FAMILIES, (keyof typeof PROTOCOLS)?])[] };

const mend = "boot a kernel built with the socket monitoring options (CONFIG_*_DIAG)";
const INET = { kconfig: ["CONFIG_INET_DIAG"], modules: ["inet_diag"] };
/** What CRIU asks for, and what gives it; inet first, because its module serves both IP versions. */
const NEEDS: readonly Need[] = [
  { ask: [["AF_UNIX"]], kconfig: ["CONFIG_UNIX_DIAG"], modules: ["unix_diag"], since: "3.3", mend },
  {
    ask: [["AF_INET", "TCP"], ["AF_INET6", "TCP"]],
    kconfig: [...INET.kconfig, "CONFIG_INET_TCP_DIAG"],
    modules: [...INET.modules, "tcp_diag"],
    since: "3.3",
    mend,
  },
  {
    ask: [["AF_INET", "UDP"], ["AF_INET6", "UDP"]],
    kconfig: [...INET.kconfig, "CONFIG_INET_UDP_DIAG"],
    modules: [...INET.modules, "udp_diag"],
    since: "3.3",
    mend,
  },
  {
    ask: [["AF_PACKET"]],
    kconfig: ["CONFIG_PACKET", "CONFIG_PACKET_DIAG"],
    modules: ["af_packet", "af_packet_diag"],
    since: "3.7",
    mend,
  },
  { ask: [["AF_NETLINK"]], kconfig: ["CONFIG_NETLINK_DIAG"], modules: ["netlink_diag"], since: "3.10", mend },
];

/** ENOENT: no such handler; EINVAL: one that does not know this request yet. */
const ABSENT = ["ENOENT", "EINVAL", "EOPNOTSUPP"];

export default defineProbe({
  id: "sock_diag",
  criuName: null,
  title: "socket monitoring (NETLINK_SOCK_DIAG) of unix, TCP, UDP, packet and netlink sockets",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.3",
  impact: "sockets of the families without it cannot be dumped: their peers, states and queues cannot be found",
  kconfig: [...new Set(NEEDS.flatMap(({ kconfig }) => kconfig))],
  modules: [...new Set(NEEDS.flatMap(({ modules }) => modules))],
  rights: [],
  mend,
  references: ["man:sock_diag(7)", "linux:net/core/sock_diag.c", "criu:collect_sockets"],
  autoloads: [...new Set(NEEDS.flatMap(({ modules }) => modules))].filter((name) => name !== "af_packet"),
  criuFaults: [{
    when: ["UNSUPPORTED", "BLOCKED", "INCONCLUSIVE"],
    applies: (_answer, evidence) => !evidence.some(({ call, errno }) => call.startsWith("socket(") && errno),
    says: "SUPPORTED",
    why: "it asks for each family, and then forgets every error, because the sockets are those of its own namespace",
    reproduce: "criu check on a kernel without CONFIG_UNIX_DIAG, or with unix_diag not loadable",
  }],
  absentOn: ["EPROTONOSUPPORT", "EAFNOSUPPORT", "ENOSYS"],
  run({ sys, host }) {
    using netlink = new Netlink(sys.memory);
    netlink.connect(sys, "NETLINK_SOCK_DIAG");
    const missing: Need[] = [];
    const errors: string[] = [];
    for (const need of NEEDS) {
      for (const [family, protocol] of need.ask) {
        const request = diagRequest(netlink, family, protocol);
        const { error } = netlink.look(request);
        if (error === 0) continue;
        const refused = new NetlinkError(request.text, -error);
        if (!ABSENT.includes(refused.code)) throw refused;
        errors.push(refused.message);
        if (!missing.includes(need)) missing.push(need);
      }
    }
    // For information: the newest kernels have no UDP-Lite any more, and without it there is none to dump.
    netlink.look(diagRequest(netlink, "AF_INET", "UDPLITE"));
    return missing.length === 0 ? supported() : absent(errors.join(", "), missing, host);
  },
});

/** What is missing, with the remedies of just that; looked up only when somebody reads them. */
function absent(reason: string, missing: readonly Need[], host: Host): Answer {
  const names = [...new Set(missing.flatMap(({ modules }) => modules))];
  const refused = onDiskOnly(names, reason, host);
  if (refused) return refused;
  let found: Remedy[] | undefined;
  return {
    verdict: "UNSUPPORTED",
    reason,
    get remedies() {
      if (found) return found;
      const all = missing.flatMap((need) => absenceRemedies(need, host));
      return found = all.filter((one, i) => all.findIndex(({ why }) => why === one.why) === i);
    },
  };
}
