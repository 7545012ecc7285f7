import { errnoNumber } from "../ffi/errno.ts";
import type { Fd } from "../ffi/fd.ts";
import type { Sys } from "../ffi/sys.ts";
import { AF_INET, AF_INET6, AF_UNIX, SO_BUF_LOCK, SOCK_CLOEXEC, SOCK_STREAM, SOL_SOCKET } from "../ffi/uapi.ts";
import { SysError } from "../ffi/errno.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";

/** SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK, linux/socket.h. */
const BOTH = 3;

export default defineProbe({
  id: "sockopt_buf_lock",
  criuName: "sockopt_buf_lock",
  title: "SO_BUF_LOCK",
  category: "EXTRA",
  subject: "KERNEL",
  since: "5.15",
  impact: "the kernel does not adapt the buffers of restored sockets any more",
  kconfig: ["CONFIG_NET"],
  modules: [],
  rights: [],
  mend: "boot Linux 5.15 or newer",
  references: ["man:socket(7)", "linux:net/core/sock.c sk_setsockopt", "criu:kerndat_sockopt_buf_lock"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["ENOPROTOOPT"],
  run({ sys }) {
    const { memory } = sys;
    using socket = anySocket(sys);
    const value = memory.alloc(8);
    memory.setU32(value, BOTH);
    sys.ask("setsockopt(SOL_SOCKET, SO_BUF_LOCK, 3)", socket.number, SOL_SOCKET, SO_BUF_LOCK, value, 4);
    memory.setU32(value, 0);
    memory.setU32(value + 4, 4);
    sys.ask("getsockopt(SOL_SOCKET, SO_BUF_LOCK)", socket.number, SOL_SOCKET, SO_BUF_LOCK, value, value + 4);
    const locked = memory.u32(value);
    return locked === BOTH ? supported() : inconclusive(`SO_BUF_LOCK was set to ${BOTH} and reads back as ${locked}`);
  },
});

/** A socket of the first family that there is; the option belongs to all. */
function anySocket(sys: Sys): Fd {
  let last: unknown;
  for (const [name, family] of [["AF_INET", AF_INET], ["AF_INET6", AF_INET6], ["AF_UNIX", AF_UNIX]] as const) {
    try {
      return sys.fd(`socket(${name}, SOCK_STREAM)`, family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    } catch (error) {
      if (!(error instanceof SysError) || error.errno !== errnoNumber("EAFNOSUPPORT")) throw error;
      last = error;
    }
  }
  throw last;
}
