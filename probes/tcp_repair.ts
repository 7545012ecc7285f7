import { AF_INET, IPPROTO_TCP, SOCK_CLOEXEC, SOCK_STREAM } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";

// linux/tcp.h; SOL_TCP is IPPROTO_TCP
const TCP_REPAIR = 19;
const TCP_TIMESTAMP = 24;

export default defineProbe({
  id: "tcp_repair",
  criuName: null,
  title: "TCP_REPAIR and TCP_TIMESTAMP",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.9",
  impact: "TCP connections cannot be dumped or restored (--tcp-established)",
  kconfig: ["CONFIG_INET", "CONFIG_NET"],
  modules: [],
  rights: [{ capability: "CAP_NET_ADMIN", over: "net" }],
  mend: "boot Linux 3.9 or newer built with CONFIG_INET=y",
  references: ["man:tcp(7)", "linux:net/ipv4/tcp.c", "criu:check_tcp"],
  autoloads: [],
  criuFaults: [{
    when: ["BLOCKED", "INCONCLUSIVE"],
    applies: (_answer, evidence) =>
      evidence.some(({ call, answer }) => call === "geteuid()" && answer !== "0") &&
      evidence.some(({ call, errno }) => call.includes("TCP_REPAIR") && errno === "EPERM"),
    says: "SUPPORTED",
    why: "with --unprivileged and without CAP_NET_ADMIN it leaves the repair mode out and still says yes",
    reproduce: "criu --unprivileged check as a user that has CAP_CHECKPOINT_RESTORE only",
  }],
  absentOn: ["ENOPROTOOPT", "EAFNOSUPPORT", "EPROTONOSUPPORT", "ENOSYS"],
  run({ sys }) {
    const { memory } = sys;
    sys.look("geteuid()"); // another user than root gives criu --unprivileged, which looks less
    const value = memory.alloc(4), size = memory.store([4, 0, 0, 0]);
    const socket = "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)";
    using tcp = sys.fd(socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    sys.ask("getsockopt(SOL_TCP, TCP_TIMESTAMP)", tcp.number, IPPROTO_TCP, TCP_TIMESTAMP, value, size);
    if (memory.u32(size) !== 4) return inconclusive("getsockopt(SOL_TCP, TCP_TIMESTAMP) tells no timestamp");
    memory.setI32(value, 1);
    sys.ask("setsockopt(SOL_TCP, TCP_REPAIR, 1)", tcp.number, IPPROTO_TCP, TCP_REPAIR, value, 4);
    memory.setI32(value, 0);
    sys.ask("getsockopt(SOL_TCP, TCP_REPAIR)", tcp.number, IPPROTO_TCP, TCP_REPAIR, value, size);
    return memory.i32(value) === 1
      ? supported()
      : inconclusive(`getsockopt(SOL_TCP, TCP_REPAIR) answers ${memory.i32(value)} after it was set to 1`);
  },
});
