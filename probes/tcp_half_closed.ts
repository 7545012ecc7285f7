import { SysError } from "../ffi/errno.ts";
import type { Fd } from "../ffi/fd.ts";
import type { Sys } from "../ffi/sys.ts";
import { AF_INET, SOL_SOCKET } from "../ffi/uapi.ts";
import { DEADLINE_MS } from "../ffi/wait.ts";
import { type Answer, blocked, defineProbe, inconclusive, type Kernel, supported, unsupported } from "./probe.ts";
import { repair, tcpSocket } from "./tcp_repair_window.ts";

const SO_ERROR = 4;
const SHUT_WR = 1;
const POLLOUT = 4;
const EINPROGRESS = 115;
const SIOCGIFFLAGS = 0x8913;
const IFF_UP = 1;

/** 127.0.0.1, or ::1, with a port that the kernel chooses. */
function loopback(sys: Sys, family: number): { address: number; size: number } {
  const { memory } = sys;
  const size = family === AF_INET ? 16 : 28; // struct sockaddr_in, struct sockaddr_in6
  const address = memory.alloc(size);
  memory.setU16(address, family);
  if (family === AF_INET) memory.write(address + 4, [127, 0, 0, 1]);
  else memory.setU8(address + 8 + 15, 1);
  return { address, size };
}

/** Waits until the connection stands; a local one does within microseconds. False: no answer. */
function connected(sys: Sys, client: Fd, address: number, size: number): boolean {
  const call = "connect(loopback)";
  const result = sys.look(call, client.number, address, size);
  if (result === 0) return true;
  if (result !== -EINPROGRESS) throw new SysError(call, -result);
  const { memory } = sys;
  const poll = memory.alloc(8); // struct pollfd { int fd; short events, revents; }
  memory.setI32(poll, client.number);
  memory.setU16(poll + 4, POLLOUT);
  const time = memory.alloc(16);
  const ms = Math.max(0, Math.min(DEADLINE_MS, sys.until - performance.now()));
  memory.setU64(time, Math.floor(ms / 1000));
  memory.setU64(time + 8, Math.floor(ms % 1000 * 1e6));
  if (sys.call("ppoll", poll, 1, time, 0, 0) === 0) return false;
  const error = memory.alloc(8);
  const length = memory.alloc(8);
  memory.setU32(length, 4);
  sys.call("getsockopt", client.number, SOL_SOCKET, SO_ERROR, error, length);
  if (memory.i32(error) !== 0) throw new SysError(call, memory.i32(error));
  return true;
}

/** The answer where the loopback interface is down, as in a new network namespace; rethrows other errors. */
function withoutLoopback(error: unknown, sys: Sys, socket: Fd): Answer {
  if (!(error instanceof SysError)) throw error;
  const request = sys.memory.alloc(40); // struct ifreq { char name[16]; short flags; … }
  sys.memory.write(request, [..."lo"].map((one) => one.charCodeAt(0)));
  const known = sys.try("ioctl", socket.number, SIOCGIFFLAGS, request) === 0;
  if (!known || sys.memory.u16(request + 16) & IFF_UP) throw error;
  return blocked(error.message, {
    cause: "DEVICE",
    why: "the loopback interface of this network namespace is down",
    text: "switch it on",
    command: "ip link set lo up",
  });
}

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

function halfClosed({ sys }: Kernel): Answer {
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
  const { call, result } = repair(sys, client, "half-closed socket");
  if (result === 0) return supported();
  const error = new SysError(call, -result);
  return error.code === "EPERM"
    ? unsupported(`${error.message}, though an unconnected socket may be repaired`)
    : inconclusive(error.message);
}
