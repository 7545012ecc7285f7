import { SysError } from "../ffi/errno.ts";
import { struct } from "../ffi/struct.ts";
import { AF_INET6, SOCK_CLOEXEC, SOCK_DGRAM } from "../ffi/uapi.ts";
import { blocked, defineProbe, inconclusive, type Kernel, supported } from "./probe.ts";

const SOL_IPV6 = 41;
const IPV6_FREEBIND = 78;
const SOCKADDR_IN6 = struct("sockaddr_in6", 28, { family: [0, "u16"], port: [2, "u16"], address: [8, "u64"] });
/** 2001:db8::, of the prefix for documentation (RFC 3849): no host has it. As the bytes lie in memory. */
const NOT_OURS = 0xb80d0120;

export default defineProbe({
  id: "ipv6_freebind",
  criuName: "ipv6_freebind",
  title: "IPV6_FREEBIND",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.15",
  impact: "no IPv6 socket can be restored whose address the host does not have yet",
  kconfig: ["CONFIG_IPV6"],
  modules: ["ipv6"],
  rights: [],
  mend: "boot Linux 4.15 or newer built with CONFIG_IPV6=y",
  references: ["man:ipv6(7)", "linux:net/ipv6/ipv6_sockglue.c", "criu:kerndat_has_ipv6_freebind"],
  autoloads: ["ipv6"],
  criuFaults: [],
  absentOn: ["ENOPROTOOPT", "EAFNOSUPPORT"],
  run(kernel) {
    const { memory } = kernel.sys;
    const made = datagramSocket(kernel);
    if ("verdict" in made) return made;
    using socket = made;
    const one = memory.alloc(4);
    memory.setU32(one, 1);
    kernel.sys.ask("setsockopt(SOL_IPV6, IPV6_FREEBIND, 1)", socket.number, SOL_IPV6, IPV6_FREEBIND, one, 4);
    const address = SOCKADDR_IN6.pack(memory, { family: AF_INET6, address: NOT_OURS });
    // Without the option the kernel answers EADDRNOTAVAIL.
    kernel.sys.ask("bind([2001:db8::]:0)", socket.number, address, SOCKADDR_IN6.size);
    const size = memory.alloc(4), bound = SOCKADDR_IN6.pack(memory);
    memory.setU32(size, SOCKADDR_IN6.size);
    kernel.sys.call("getsockname", socket.number, bound, size);
    if (SOCKADDR_IN6.get(memory, bound, "address") === NOT_OURS) return supported();
    return inconclusive("bind([2001:db8::]:0) answers 0 and does not bind the socket to that address");
  },
});

function datagramSocket({ sys, host }: Kernel) {
  const text = "socket(AF_INET6, SOCK_DGRAM)";
  try {
    return sys.fd(text, AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  } catch (error) {
    const off = error instanceof SysError && error.code === "EAFNOSUPPORT" &&
      host.read("/sys/module/ipv6/parameters/disable")?.trim() === "1";
    if (!off) throw error;
    return blocked(`${error.message}`, {
      cause: "BOOT_OPTION",
      why: "/sys/module/ipv6/parameters/disable is 1",
      text: "boot without ipv6.disable=1",
      command: null,
    });
  }
}
