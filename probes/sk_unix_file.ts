import { Fd } from "../ffi/fd.ts";
import { SysError } from "../ffi/errno.ts";
import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";
import { notAskedUnprivileged, noteUser } from "./unprivileged.ts";

const SIOCUNIXFILE = 0x89e0;
/** Bytes of struct ifreq: kernels without the request copy one before they refuse it. */
const IFREQ = 40;

export default defineProbe({
  id: "sk_unix_file",
  criuName: "sk_unix_file",
  title: "file of a bound unix socket (SIOCUNIXFILE)",
  category: null,
  subject: "KERNEL",
  since: "4.11",
  impact: "unix sockets bound to a relative, deleted or covered path, or in another mount namespace, cannot be dumped",
  kconfig: ["CONFIG_UNIX"],
  modules: [],
  rights: [{ capability: "CAP_NET_ADMIN", over: "net" }],
  mend: "boot Linux 4.11 or newer built with CONFIG_UNIX=y",
  references: ["linux:net/unix/af_unix.c unix_open_file", "criu:kerndat_socket_unix_file"],
  autoloads: [],
  criuFaults: [notAskedUnprivileged("sk_unix_file")],
  absentOn: ["ENOTTY", "EINVAL", "EAFNOSUPPORT"],
  run(kernel) {
    const { sys } = kernel;
    noteUser(kernel);
    using socket = sys.fd("socket(AF_UNIX, SOCK_DGRAM)", AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    // A socket without a name: a bound one would leave a file. The kernel looks at the right before the name.
    const call = "ioctl(unbound socket, SIOCUNIXFILE)";
    const file = sys.look(call, socket.number, SIOCUNIXFILE, sys.memory.alloc(IFREQ));
    if (file === -2 /* ENOENT */) return supported();
    if (file < 0) throw new SysError(call, -file);
    using _file = new Fd(sys, file);
    return inconclusive(`${call} answers a descriptor, though the socket has no file`);
  },
});
