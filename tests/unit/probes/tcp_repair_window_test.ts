import type { FakeMachine, Reply } from "../fake_libc.ts";
import { NOBODY_STATUS } from "../fake_libc.ts";
import tcp_repair_window from "../../../probes/tcp_repair_window.ts";
import { probeCases } from "../probe_case.ts";

const AF_INET6 = 10;
const TCP_REPAIR = 19;
/** A window of zeros, as a socket without a connection has. */
const tells: Reply = ({ args, memory }) => (memory.write(args[3]!, new Array(20).fill(0)), 0);
const window = (calls: Record<string, Reply> = {}, files: Record<string, string> = {}): FakeMachine => ({
  files,
  calls: { socket: 1000, setsockopt: 0, getsockopt: tells, ...calls },
});
const repair = (reply: string): Reply => ({ args }) => args[2] === TCP_REPAIR ? reply : 0;

probeCases(tcp_repair_window, [
  ["the window is read and put back", window(), "SUPPORTED"],
  [
    "the kernel has IPv6 only",
    window({ socket: ({ args }) => args[0] === AF_INET6 ? 1000 : "EAFNOSUPPORT" }),
    "SUPPORTED",
  ],
  ["a filter makes a window up", window({ getsockopt: 0 }), "INCONCLUSIVE", /tells nothing/],
  ["the option is unknown", window({ getsockopt: "ENOPROTOOPT" }), "UNSUPPORTED", /TCP_REPAIR_WINDOW\): ENOPROTOOPT/],
  ["the kernel has no TCP", window({ socket: "EAFNOSUPPORT" }), "UNSUPPORTED", /EAFNOSUPPORT/],
  [
    "the window cannot be put back",
    window({ setsockopt: ({ args }) => args[2] === TCP_REPAIR ? 0 : "EINVAL" }),
    "INCONCLUSIVE",
    /the same\): EINVAL/,
  ],
  [
    "a window of another size comes",
    window({
      getsockopt({ args, memory }) {
        memory.setU32(args[4]!, 16);
        return 0;
      },
    }),
    "INCONCLUSIVE",
    /16 bytes/,
  ],
  [
    "the capability is missing",
    window({ setsockopt: repair("EPERM") }, { "/proc/self/status": NOBODY_STATUS }),
    "BLOCKED",
    /TCP_REPAIR, 1\): EPERM/,
  ],
  ["it is refused without a cause", window({ setsockopt: repair("EPERM") }), "INCONCLUSIVE", /EPERM/],
  ["no descriptor is free", window({ socket: "EMFILE" }), "INCONCLUSIVE", /EMFILE/],
]);
