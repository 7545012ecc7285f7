import type { FakeMachine, Reply } from "../fake_libc.ts";
import { NOBODY_STATUS } from "../fake_libc.ts";
import tun_ns from "../../../probes/tun_ns.ts";
import { probeCases } from "../probe_case.ts";

const links = { "/proc/self/ns/net": "net:[7]", "/proc/self/fd/1001": "net:[7]", "/proc/self/fd/1002": "net:[8]" };
const asks = (ioctl: Reply): FakeMachine => ({ files: { "/dev/net/tun": "" }, links, calls: { ioctl } });

probeCases(tun_ns, [
  ["our namespace comes back", asks(1001), "SUPPORTED"],
  ["another namespace comes back", asks(1002), "INCONCLUSIVE", /net:\[8\]/],
  ["the request is unknown", asks("EBADFD"), "UNSUPPORTED", /SIOCGSKNS\): EBADFD/],
  ["the kernel has no namespaces", asks("EINVAL"), "UNSUPPORTED", /EINVAL/],
  ["there is no namespace to ask for", { ...asks(1001), links: {} }, "UNSUPPORTED", /ns\/net\): ENOENT/],
  ["the driver is absent", { links, files: { "/dev/net/tun": "!ENODEV" } }, "UNSUPPORTED", /ENODEV/],
  ["the file is missing", { links, files: { "/proc/misc": "200 tun\n" } }, "BLOCKED", /has the driver/],
  [
    "the capability is missing",
    { ...asks("EPERM"), files: { "/dev/net/tun": "", "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /EPERM/,
  ],
  ["it is refused without a cause", asks("EPERM"), "INCONCLUSIVE", /EPERM/],
  ["no descriptor is free", asks("EMFILE"), "INCONCLUSIVE", /EMFILE/],
]);
