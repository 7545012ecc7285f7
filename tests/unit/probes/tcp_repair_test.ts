import tcp_repair from "../../../probes/tcp_repair.ts";
import { type Call, type FakeMachine, NOBODY_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const TCP_REPAIR = 19;
/** A socket that answers `timestamp` and `repair`, and tells `mode` as its mode afterwards. */
const socket = (timestamp: number | string, repair: number | string, mode = 1): NonNullable<FakeMachine["calls"]> => ({
  socket: 2000,
  setsockopt: repair,
  getsockopt({ args: [, , option, at], memory }: Call) {
    if (option !== TCP_REPAIR) return timestamp;
    memory.setI32(at!, mode);
    return 0;
  },
});

probeCases(tcp_repair, [
  ["both are there", { calls: socket(0, 0) }, "SUPPORTED"],
  ["the mode does not stay", { calls: socket(0, 0, 0) }, "INCONCLUSIVE", /answers 0/],
  ["the timestamp is unknown", { calls: socket("ENOPROTOOPT", 0) }, "UNSUPPORTED", /TIMESTAMP.*ENOPROTOOPT/],
  ["the mode is unknown", { calls: socket(0, "ENOPROTOOPT") }, "UNSUPPORTED", /REPAIR.*ENOPROTOOPT/],
  ["there is no IPv4", { calls: { socket: "EAFNOSUPPORT" } }, "UNSUPPORTED", /socket\(.*EAFNOSUPPORT/],
  [
    "the capability is missing",
    { calls: socket(0, "EPERM"), files: { "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /REPAIR.*EPERM/,
  ],
  ["it is refused without a cause", { calls: socket(0, "EPERM") }, "INCONCLUSIVE", /EPERM/],
  ["it fails otherwise", { calls: socket(0, "EBUSY") }, "INCONCLUSIVE", /EBUSY/],
]);
