import { SysError } from "../ffi/errno.ts";
import type { Fd } from "../ffi/fd.ts";
import { struct } from "../ffi/struct.ts";
import type { Sys } from "../ffi/sys.ts";
import { AF_INET, AF_INET6, IPPROTO_TCP, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";

const TCP_REPAIR = 19;
const TCP_REPAIR_WINDOW = 29;
const WINDOW = struct("tcp_repair_window", 20, {
  snd_wl1: [0, "u32"],
  snd_wnd: [4, "u32"],
  max_window: [8, "u32"],
  rcv_wnd: [12, "u32"],
  rcv_wup: [16, "u32"],
});

/** A TCP socket that never blocks, of IPv4 or, where the kernel is without it, of IPv6. */
export function tcpSocket(sys: Sys): { family: number; socket: Fd } {
  const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  try {
    return { family: AF_INET, socket: sys.fd("socket(AF_INET, SOCK_STREAM)", AF_INET, type, IPPROTO_TCP) };
  } catch (error) {
    if (!(error instanceof SysError) || error.code !== "EAFNOSUPPORT") throw error;
    return { family: AF_INET6, socket: sys.fd("socket(AF_INET6, SOCK_STREAM)", AF_INET6, type, IPPROTO_TCP) };
  }
}

/** Switches repair mode on; returns 0 or -errno. `what` says in the evidence which socket it is. */
export function repair(sys: Sys, socket: Fd, what: string): { call: string; result: number } {
  const on = sys.memory.alloc(8);
  sys.memory.setI32(on, 1);
  const call = `setsockopt(${what}, TCP_REPAIR, 1)`;
  return { call, result: sys.look(call, socket.number, IPPROTO_TCP, TCP_REPAIR, on, 4) };
}

/** Whether repair mode is on. */
export function repairing(sys: Sys, socket: Fd): boolean {
  const on = sys.memory.alloc(8);
  const size = sys.memory.alloc(8);
  sys.memory.setU32(size, 4);
  sys.call("getsockopt", socket.number, IPPROTO_TCP, TCP_REPAIR, on, size);
  return sys.memory.u32(on) === 1;
}

export default defineProbe({
  id: "tcp_repair_window",
  criuName: null,
  title: "TCP_REPAIR_WINDOW",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.8",
  impact: "restored TCP connections may stall: their windows cannot be put back",
  kconfig: ["CONFIG_INET"],
  modules: [],
  rights: [{ capability: "CAP_NET_ADMIN", over: "net" }],
  mend: "boot Linux 4.8 or newer built with CONFIG_INET=y",
  references: ["linux:net/ipv4/tcp.c TCP_REPAIR_WINDOW", "criu:kerndat_tcp_repair_window"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["ENOPROTOOPT", "EAFNOSUPPORT"],
  run({ sys }) {
    using socket = tcpSocket(sys).socket;
    const { call, result } = repair(sys, socket, "TCP socket");
    if (result < 0) throw new SysError(call, -result);
    const window = WINDOW.pack(sys.memory);
    sys.memory.write(window, new Array(WINDOW.size).fill(0xff)); // what no window is
    const size = sys.memory.alloc(8);
    sys.memory.setU32(size, WINDOW.size);
    sys.ask("getsockopt(TCP socket, TCP_REPAIR_WINDOW)", socket.number, IPPROTO_TCP, TCP_REPAIR_WINDOW, window, size);
    const got = sys.memory.u32(size);
    if (got !== WINDOW.size) {
      return inconclusive(`getsockopt(TCP_REPAIR_WINDOW) answers ${got} bytes, not ${WINDOW.size}`);
    }
    if (sys.memory.bytes(window, WINDOW.size).every((byte) => byte === 0xff)) {
      return inconclusive("getsockopt(TCP_REPAIR_WINDOW) succeeds and tells nothing");
    }
    const text = "setsockopt(TCP socket, TCP_REPAIR_WINDOW, the same)";
    sys.ask(text, socket.number, IPPROTO_TCP, TCP_REPAIR_WINDOW, window, WINDOW.size);
    return supported();
  },
});
