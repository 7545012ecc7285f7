import {
  AF_INET,
  IPPROTO_UDP,
  SO_BINDTODEVICE,
  SO_GET_FILTER,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";

/** The same number as SO_GET_FILTER (asm-generic/socket.h). */
const SO_ATTACH_FILTER = SO_GET_FILTER;
/** One instruction, `ret 0xffffffff` (linux/filter.h: BPF_RET | BPF_K): lets every packet through. */
const PASS = [0x06, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
const IFNAMSIZ = 16;

export default defineProbe({
  id: "so_gets",
  criuName: null,
  title: "reading SO_GET_FILTER and SO_BINDTODEVICE",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.8",
  impact: "sockets with a filter or bound to a network device cannot be dumped",
  kconfig: ["CONFIG_INET", "CONFIG_NET", "CONFIG_NETDEVICES"],
  modules: [],
  rights: [],
  mend: "boot Linux 3.8 or newer built with CONFIG_INET=y and CONFIG_NETDEVICES=y",
  references: ["man:socket(7)", "linux:net/core/sock.c", "criu:check_so_gets"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["ENOPROTOOPT", "EAFNOSUPPORT", "EPROTONOSUPPORT", "ENOSYS"],
  run({ sys }) {
    const { memory } = sys;
    using udp = sys.fd("socket(AF_INET, SOCK_DGRAM)", AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
    const filter = memory.store(PASS), size = memory.alloc(4), read = memory.alloc(Math.max(PASS.length, IFNAMSIZ));
    const program = memory.alloc(16); // struct sock_fprog { u16 len; struct sock_filter *filter; }
    memory.setU16(program, 1);
    memory.setU64(program + 8, filter);
    sys.call("setsockopt", udp.number, SOL_SOCKET, SO_ATTACH_FILTER, program, 16);
    memory.setU32(size, 1); // instructions, not bytes
    sys.ask("getsockopt(SOL_SOCKET, SO_GET_FILTER)", udp.number, SOL_SOCKET, SO_GET_FILTER, read, size);
    if (memory.u32(size) !== 1 || !PASS.every((byte, i) => memory.u8(read + i) === byte)) {
      return inconclusive("getsockopt(SOL_SOCKET, SO_GET_FILTER) does not give back the filter that was attached");
    }
    memory.setU32(size, IFNAMSIZ);
    sys.ask("getsockopt(SOL_SOCKET, SO_BINDTODEVICE)", udp.number, SOL_SOCKET, SO_BINDTODEVICE, read, size);
    return memory.u32(size) === 0
      ? supported()
      : inconclusive(`getsockopt(SOL_SOCKET, SO_BINDTODEVICE) tells ${memory.u32(size)} bytes for an unbound socket`);
  },
});
