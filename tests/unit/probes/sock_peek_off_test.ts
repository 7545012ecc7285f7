import sock_peek_off from "../../../probes/sock_peek_off.ts";
import type { FakeMachine } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

/** A pair of sockets whose receiver starts with `first` as its offset and sees `seen`, one byte a look. */
function sockets(first: number, seen: string, size = 4): NonNullable<FakeMachine["calls"]> {
  let look = 0;
  return {
    socketpair({ args, memory }) {
      memory.setI32(args[3]!, 2000);
      memory.setI32(args[3]! + 4, 2001);
      return 0;
    },
    getsockopt({ args, memory }) {
      memory.setI32(args[3]!, first);
      memory.setU32(args[4]!, size);
      return 0;
    },
    setsockopt: 0,
    sendto: 1,
    recvfrom({ args, memory }) {
      memory.setU8(args[1]!, seen.charCodeAt(look++));
      return 1;
    },
  };
}

probeCases(sock_peek_off, [
  ["each look goes on behind the last", { calls: sockets(-1, "ab") }, "SUPPORTED"],
  ["each look starts anew", { calls: sockets(-1, "aa") }, "INCONCLUSIVE", /MSG_PEEK/],
  ["the offset is not -1", { calls: sockets(0, "ab") }, "INCONCLUSIVE", /answers 0/],
  ["nothing is told", { calls: sockets(-1, "ab", 0) }, "INCONCLUSIVE", /SO_PEEK_OFF/],
  [
    "the option is unknown",
    { calls: { ...sockets(-1, "ab"), getsockopt: "ENOPROTOOPT" } },
    "UNSUPPORTED",
    /ENOPROTOOPT/,
  ],
  ["there are no unix sockets", { calls: { socketpair: "EAFNOSUPPORT" } }, "UNSUPPORTED", /EAFNOSUPPORT/],
  ["it cannot be set", { calls: { ...sockets(-1, "ab"), setsockopt: "EACCES" } }, "INCONCLUSIVE", /EACCES/],
  ["nothing comes", { calls: { ...sockets(-1, "ab"), recvfrom: "EAGAIN" } }, "INCONCLUSIVE", /EAGAIN/],
  ["descriptors are used up", { calls: { socketpair: "ENFILE" } }, "BLOCKED", /ENFILE/],
]);
