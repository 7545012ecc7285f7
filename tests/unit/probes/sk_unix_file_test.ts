import type { FakeMachine, Reply } from "../fake_libc.ts";
import { NOBODY_STATUS } from "../fake_libc.ts";
import sk_unix_file from "../../../probes/sk_unix_file.ts";
import { probeCases } from "../probe_case.ts";

const asks = (ioctl: Reply, socket: Reply = 1000): FakeMachine => ({ calls: { socket, ioctl } });

probeCases(sk_unix_file, [
  ["the kernel says that the socket has no file", asks("ENOENT"), "SUPPORTED"],
  ["a file comes that cannot be", asks(1001), "INCONCLUSIVE", /no file/],
  ["the request is unknown", asks("ENOTTY"), "UNSUPPORTED", /SIOCUNIXFILE\): ENOTTY/],
  ["the request is invalid", asks("EINVAL"), "UNSUPPORTED", /EINVAL/],
  ["the kernel has no unix sockets", asks("ENOENT", "EAFNOSUPPORT"), "UNSUPPORTED", /EAFNOSUPPORT/],
  [
    "the capability is missing",
    { ...asks("EPERM"), files: { "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /EPERM/,
  ],
  ["it is refused without a cause", asks("EPERM"), "INCONCLUSIVE", /EPERM/],
  ["another errno comes", asks("EFAULT"), "INCONCLUSIVE", /EFAULT/],
  ["no descriptor is free", asks("ENOENT", "EMFILE"), "INCONCLUSIVE", /EMFILE/],
]);
