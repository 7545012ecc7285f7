import { Fd } from "../ffi/fd.ts";
import { AF_UNIX, MSG_DONTWAIT, MSG_PEEK, SO_PEEK_OFF, SOCK_CLOEXEC, SOCK_DGRAM, SOL_SOCKET } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";

export default defineProbe({
  id: "sock_peek_off",
  criuName: null,
  title: "SO_PEEK_OFF on unix sockets",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.4",
  impact: "what waits in the queue of a unix socket cannot be dumped without taking it away",
  kconfig: ["CONFIG_UNIX", "CONFIG_NET"],
  modules: ["unix"],
  rights: [],
  mend: "boot Linux 3.4 or newer built with CONFIG_UNIX=y",
  references: ["man:socket(7)", "linux:net/unix/af_unix.c", "criu:check_sock_peek_off"],
  autoloads: ["unix"],
  criuFaults: [],
  absentOn: ["ENOPROTOOPT", "EOPNOTSUPP", "EAFNOSUPPORT", "ENOSYS"],
  run({ sys }) {
    const { memory } = sys;
    const pair = memory.alloc(8);
    sys.call("socketpair", AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair);
    using writer = new Fd(sys, memory.i32(pair));
    using reader = new Fd(sys, memory.i32(pair + 4));
    const offset = memory.alloc(4), size = memory.store([4, 0, 0, 0]);
    sys.ask("getsockopt(SOL_SOCKET, SO_PEEK_OFF)", reader.number, SOL_SOCKET, SO_PEEK_OFF, offset, size);
    if (memory.u32(size) !== 4 || memory.i32(offset) !== -1) {
      return inconclusive(`getsockopt(SOL_SOCKET, SO_PEEK_OFF) answers ${memory.i32(offset)} instead of -1`);
    }
    const text = memory.store(new TextEncoder().encode("ab"));
    for (const at of [text, text + 1]) sys.call("sendto", writer.number, at, 1, MSG_DONTWAIT, 0, 0);
    memory.setI32(offset, 0);
    sys.ask("setsockopt(SOL_SOCKET, SO_PEEK_OFF, 0)", reader.number, SOL_SOCKET, SO_PEEK_OFF, offset, 4);
    // As CRIU does it: each look goes on behind what the one before it has seen.
    const seen = memory.alloc(2);
    for (const at of [seen, seen + 1]) {
      sys.ask("recvfrom(MSG_PEEK)", reader.number, at, 1, MSG_PEEK | MSG_DONTWAIT, 0, 0);
    }
    const got = memory.text(seen, 2);
    return got === "ab" ? supported() : inconclusive("recvfrom(MSG_PEEK) does not go on where the last look ended");
  },
});
