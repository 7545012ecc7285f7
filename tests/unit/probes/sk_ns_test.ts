import assert from "node:assert/strict";
import type { FakeMachine, Reply } from "../fake_libc.ts";
import { CRIU_USER_STATUS, NOBODY_STATUS } from "../fake_libc.ts";
import sk_ns from "../../../probes/sk_ns.ts";
import { probeCases, probeOn } from "../probe_case.ts";

const links = { "/proc/self/ns/net": "net:[7]", "/proc/self/fd/1001": "net:[7]", "/proc/self/fd/1002": "net:[8]" };
const asks = (ioctl: Reply, socket: Reply = 1000): FakeMachine => ({ links, calls: { socket, ioctl } });
const nobody = { files: { "/proc/self/status": NOBODY_STATUS } };

probeCases(sk_ns, [
  ["our namespace comes back", asks(1001), "SUPPORTED"],
  ["another namespace comes back", asks(1002), "INCONCLUSIVE", /net:\[8\]/],
  ["the request is unknown", asks("ENOTTY"), "UNSUPPORTED", /SIOCGSKNS\): ENOTTY/],
  ["the request is invalid", asks("EINVAL"), "UNSUPPORTED", /EINVAL/],
  ["the kernel has no namespaces", asks("EOPNOTSUPP"), "UNSUPPORTED", /EOPNOTSUPP/],
  ["there is no namespace to ask for", { ...asks(1001), links: {} }, "UNSUPPORTED", /ns\/net\): ENOENT/],
  ["the kernel has no unix sockets", asks(1001, "EAFNOSUPPORT"), "UNSUPPORTED", /socket.*EAFNOSUPPORT/],
  ["the capability is missing", { ...asks("EPERM"), ...nobody }, "BLOCKED", /EPERM/],
  ["it is refused without a cause", asks("EPERM"), "INCONCLUSIVE", /EPERM/],
  ["no descriptor is free", asks(1001, "EMFILE"), "INCONCLUSIVE", /EMFILE/],
]);

Deno.test("sk_ns says that criu does not ask with --unprivileged, and only then", () => {
  assert.equal(
    probeOn(sk_ns, { ...asks(1001), files: { "/proc/self/status": CRIU_USER_STATUS } }).criuDiffers?.verdict,
    "UNSUPPORTED",
  );
  assert.equal(probeOn(sk_ns, asks(1001)).criuDiffers, null);
});
