import { SysError } from "../ffi/errno.ts";
import { MSG_DONTWAIT } from "../ffi/uapi.ts";
import { connected, loopback, withoutLoopback } from "./loopback.ts";
import { type Answer, defineProbe, inconclusive, type Kernel, lacking, supported } from "./probe.ts";
import { repair, repairing, tcpSocket } from "./tcp_repair_window.ts";

const SHUT_WR = 1;
const MSG_NOSIGNAL = 0x4000;
const EPIPE = 32;

export default defineProbe({
  id: "tcp_half_closed",
  criuName: "tcp_half_closed",
  title: "TCP_REPAIR of half-closed connections",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.10",
  impact: "TCP connections that one side has closed already cannot be dumped",
  kconfig: ["CONFIG_INET"],
  modules: [],
  rights: [{ capability: "CAP_NET_ADMIN", over: "net" }],
  mend: "boot Linux 4.10 or newer",
  references: ["linux:net/ipv4/tcp.c tcp_can_repair_sock", "criu:kerndat_tcp_repair"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EAFNOSUPPORT", "ENOPROTOOPT"],
  run: (kernel) => halfClosed(kernel),
});

function halfClosed({ sys, host }: Kernel): Answer {
  const { family, socket } = tcpSocket(sys);
  using server = socket;
  using client = tcpSocket(sys).socket;
  // A socket of its own for the plain mode: it tells a missing right from a kernel that lacks this one use.
  using plain = tcpSocket(sys).socket;
  const first = repair(sys, plain, "unconnected socket");
  if (first.result < 0) throw new SysError(first.call, -first.result);
  const { address, size } = loopback(sys, family);
  try {
    sys.call("bind", server.number, address, size);
    sys.call("listen", server.number, 1);
    const length = sys.memory.alloc(8);
    sys.memory.setU32(length, size);
    sys.call("getsockname", server.number, address, length);
    if (!connected(sys, client, address, size)) {
      return inconclusive(
        "connect(loopback): no answer in 2 s; a packet filter may drop what is sent to this machine itself",
      );
    }
  } catch (error) {
    return withoutLoopback(error, sys, server);
  }
  sys.call("shutdown", client.number, SHUT_WR);
  // A filter may have made it up: then something can still be sent.
  const sent = sys.try("sendto", client.number, sys.memory.alloc(1), 1, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
  if (sent !== -EPIPE) return inconclusive("shutdown(SHUT_WR) answers 0, and the socket can be written to");
  const { call, result } = repair(sys, client, "half-closed socket");
  if (result === 0) {
    return repairing(sys, client) ? supported() : inconclusive(`${call} answers 0 and does not switch it on`);
  }
  const error = new SysError(call, -result);
  return error.code === "EPERM"
    ? lacking(host, `${error.message}, though an unconnected socket may be repaired`)
    : inconclusive(error.message);
}
