import { AF_UNIX, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from "../ffi/uapi.ts";
import { Fd } from "../ffi/fd.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";

const WORD = 1984;

export default defineProbe({
  id: "pidfd_store",
  criuName: "pidfd_store",
  title: "pidfd_open(2) and pidfd_getfd(2)",
  category: "EXTRA",
  subject: "KERNEL",
  since: "5.6",
  impact: "a pid that was given to another process between two pre-dumps goes unnoticed",
  kconfig: [],
  modules: [],
  rights: [],
  mend: "boot Linux 5.6 or newer",
  references: ["man:pidfd_open(2)", "man:pidfd_getfd(2)", "linux:kernel/pid.c", "criu:kerndat_has_pidfd_getfd"],
  autoloads: [],
  criuFaults: [{
    when: ["INCONCLUSIVE"],
    applies: (_answer, evidence) => evidence.at(-1)?.call === "recvfrom(the fetched descriptor)",
    says: "SUPPORTED",
    why: "it reads from the socket that it made, not from the one that was fetched",
    reproduce: "a sandbox whose pidfd_getfd gives a descriptor of something else",
  }],
  absentOn: ["ENOSYS"],
  run({ sys, pid }) {
    const { memory } = sys;
    const pair = memory.alloc(8);
    sys.call("socketpair", AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair);
    using near = new Fd(sys, memory.i32(pair));
    using far = new Fd(sys, memory.i32(pair + 4));
    using self = new Fd(sys, sys.ask("pidfd_open(self)", pid, 0));
    using fetched = new Fd(sys, sys.ask("pidfd_getfd(self, a socket)", self.number, far.number, 0));
    const sent = memory.alloc(8);
    memory.setU32(sent, WORD);
    sys.call("write", near.number, sent, 4);
    const received = memory.alloc(8);
    const size = sys.ask("recvfrom(the fetched descriptor)", fetched.number, received, 8, MSG_DONTWAIT, 0, 0);
    if (size === 4 && memory.u32(received) === WORD) return supported();
    return inconclusive("the descriptor that pidfd_getfd gave is not the socket that was asked for");
  },
});
