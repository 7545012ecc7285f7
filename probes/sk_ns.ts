import { Fd } from "../ffi/fd.ts";
import { readLink } from "../ffi/files.ts";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM } from "../ffi/uapi.ts";
import { type Answer, defineProbe, inconclusive, type Kernel, supported } from "./probe.ts";
import { notAskedUnprivileged, noteUser } from "./unprivileged.ts";

const SIOCGSKNS = 0x894c;
/** Bytes of struct ifreq: kernels without the request copy one before they refuse it. */
const IFREQ = 40;

/** Whether a socket, or what has one inside, tells its network namespace, which must be our own. */
export function asksNamespace({ sys }: Kernel, name: string, open: () => Fd | Answer): Answer {
  // First: before 5.13 a kernel without namespaces answers the request with a descriptor that crashes it when closed.
  const own = readLink(sys, "/proc/self/ns/net");
  const opened = open();
  if ("verdict" in opened) return opened;
  using socket = opened;
  using told = new Fd(sys, sys.ask(`ioctl(${name}, SIOCGSKNS)`, socket.number, SIOCGSKNS, sys.memory.alloc(IFREQ)));
  const link = readLink(sys, `/proc/self/fd/${told.number}`);
  sys.note("readlink(/proc/self/fd/N)", link);
  return link === own ? supported() : inconclusive(`SIOCGSKNS tells ${link} of a socket that belongs to ${own}`);
}

export default defineProbe({
  id: "sk_ns",
  criuName: "sk_ns",
  title: "network namespace of a socket (SIOCGSKNS)",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.10",
  impact: "no process tree with sockets of several network namespaces can be dumped",
  kconfig: ["CONFIG_NET_NS", "CONFIG_UNIX"],
  modules: [],
  rights: [{ capability: "CAP_NET_ADMIN", over: "net" }],
  mend: "boot Linux 4.10 or newer built with CONFIG_NET_NS=y",
  references: ["linux:net/socket.c sock_ioctl", "criu:kerndat_socket_netns"],
  autoloads: [],
  criuFaults: [notAskedUnprivileged("sk_ns")],
  absentOn: ["ENOENT", "ENOTTY", "EINVAL", "EOPNOTSUPP", "EAFNOSUPPORT"],
  run(kernel) {
    noteUser(kernel);
    return asksNamespace(
      kernel,
      "socket",
      () => kernel.sys.fd("socket(AF_UNIX, SOCK_DGRAM)", AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
    );
  },
});
