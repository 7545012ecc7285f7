import type { FakeMachine, Reply } from "../fake_libc.ts";
import { FILTERED_STATUS, NOBODY_STATUS } from "../fake_libc.ts";
import tcp_half_closed from "../../../probes/tcp_half_closed.ts";
import { probeCases } from "../probe_case.ts";

const AF_INET6 = 10;
/** Descriptors in the order in which the probe makes its sockets. */
const PLAIN = 1002, CLIENT = 1001;

/** What getsockopt tells: TCP_REPAIR, or the socket's error. */
const options = (repair: number, error = 0): Reply => ({ args, memory }) => {
  memory.setI32(args[3]!, args[2] === 19 ? repair : error);
  return 0;
};

/** A machine where the connection stands at once; `plain` and `closed` answer TCP_REPAIR of the two sockets. */
function machine(
  { plain = 0, closed = 0, calls = {}, files = {} }: {
    plain?: number | string;
    closed?: number | string;
    calls?: Record<string, Reply>;
    files?: Record<string, string>;
  } = {},
): FakeMachine {
  let next = 1000;
  return {
    files,
    calls: {
      socket: () => next++,
      setsockopt: ({ args }) => args[0] === PLAIN ? plain : args[0] === CLIENT ? closed : "EBADF",
      bind: 0,
      listen: 0,
      getsockname: 0,
      connect: "EINPROGRESS",
      ppoll: 1,
      getsockopt: options(1),
      shutdown: 0,
      sendto: "EPIPE",
      ...calls,
    },
  };
}
const lo = (flags: number): Reply => ({ args, memory }) => {
  memory.setU16(args[2]! + 16, flags);
  return 0;
};

probeCases(tcp_half_closed, [
  ["the half-closed socket can be repaired", machine(), "SUPPORTED"],
  ["the connection stands at once", machine({ calls: { connect: 0, ppoll: "EINVAL" } }), "SUPPORTED"],
  ["a filter makes the closing up", machine({ calls: { sendto: 1 } }), "INCONCLUSIVE", /can be written to/],
  ["a filter makes a success up", machine({ calls: { getsockopt: options(0) } }), "INCONCLUSIVE", /not switch it on/],
  ["only the unconnected one can", machine({ closed: "EPERM" }), "UNSUPPORTED", /half-closed.*EPERM, though/],
  [
    "only the unconnected one can, under a filter",
    machine({ closed: "EPERM", files: { "/proc/self/status": FILTERED_STATUS } }),
    "INCONCLUSIVE",
    /half-closed.*EPERM/,
  ],
  ["the half-closed one is refused otherwise", machine({ closed: "EINVAL" }), "INCONCLUSIVE", /EINVAL/],
  ["there is no TCP", machine({ calls: { socket: "EAFNOSUPPORT" } }), "UNSUPPORTED", /EAFNOSUPPORT/],
  ["there is no repair mode", machine({ plain: "ENOPROTOOPT" }), "UNSUPPORTED", /unconnected.*ENOPROTOOPT/],
  [
    "the capability is missing",
    machine({ plain: "EPERM", closed: "EPERM", files: { "/proc/self/status": NOBODY_STATUS } }),
    "BLOCKED",
    /unconnected.*EPERM/,
  ],
  ["it is refused without a cause", machine({ plain: "EPERM", closed: "EPERM" }), "INCONCLUSIVE", /unconnected.*EPERM/],
  ["loopback is down", machine({ calls: { connect: "ENETUNREACH", ioctl: lo(8) } }), "BLOCKED", /ENETUNREACH/],
  [
    "loopback is up and unreachable",
    machine({ calls: { connect: "ENETUNREACH", ioctl: lo(9) } }),
    "INCONCLUSIVE",
    /ENETU/,
  ],
  [
    "nothing can be bound, loopback is down",
    machine({ calls: { bind: "EADDRNOTAVAIL", ioctl: lo(8) } }),
    "BLOCKED",
    /bind/,
  ],
  ["the address is refused", machine({ calls: { connect: "ECONNREFUSED", ioctl: lo(9) } }), "INCONCLUSIVE", /REFUSED/],
  ["nothing answers", machine({ calls: { ppoll: 0 } }), "INCONCLUSIVE", /no answer in 2 s/],
  [
    "the connection fails later",
    machine({
      calls: {
        getsockopt: options(1, 111),
        ioctl: lo(9),
      },
    }),
    "INCONCLUSIVE",
    /ECONNREFUSED/,
  ],
  ["no descriptor is free", machine({ calls: { socket: "EMFILE" } }), "INCONCLUSIVE", /EMFILE/],
]);

let family = 0;
probeCases(tcp_half_closed, [[
  "the kernel has IPv6 only, and ::1 answers",
  machine({
    calls: {
      socket: (() => {
        let next = 1000;
        return ({ args }) => args[0] === AF_INET6 ? next++ : "EAFNOSUPPORT";
      })(),
      connect({ args, memory }) {
        family = memory.u16(args[1]!);
        return family === AF_INET6 && args[2] === 28 && memory.u8(args[1]! + 23) === 1 ? 0 : "EAFNOSUPPORT";
      },
    },
  }),
  "SUPPORTED",
]]);
