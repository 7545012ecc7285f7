import { SysError } from "../ffi/errno.ts";
import type { Fd } from "../ffi/fd.ts";
import type { Sys } from "../ffi/sys.ts";
import { AF_INET, SOL_SOCKET } from "../ffi/uapi.ts";
import { DEADLINE_MS } from "../ffi/wait.ts";
import { type Answer, blocked } from "./probe.ts";

const SO_ERROR = 4;
const POLLOUT = 4;
const EINPROGRESS = 115;
const SIOCGIFFLAGS = 0x8913;
const IFF_UP = 1;

/** 127.0.0.1, or ::1, with a port that the kernel chooses. */
export function loopback(sys: Sys, family: number): { address: number; size: number } {
  const { memory } = sys;
  const size = family === AF_INET ? 16 : 28; // struct sockaddr_in, struct sockaddr_in6
  const address = memory.alloc(size);
  memory.setU16(address, family);
  if (family === AF_INET) memory.write(address + 4, [127, 0, 0, 1]);
  else memory.setU8(address + 8 + 15, 1);
  return { address, size };
}

/** Waits until the connection stands; a local one does within microseconds. False: no answer. */
export function connected(sys: Sys, client: Fd, address: number, size: number): boolean {
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
export function withoutLoopback(error: unknown, sys: Sys, socket: Fd): Answer {
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
