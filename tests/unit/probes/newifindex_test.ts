import { parseAttributes } from "../../../ffi/netlink.ts";
import newifindex from "../../../probes/newifindex.ts";
import { NOBODY_STATUS } from "../fake_libc.ts";
import { fakeNetlink } from "../fake_netlink.ts";
import { probeCases } from "../probe_case.ts";

/** Answers as a kernel that knows the attribute. */
const knows = fakeNetlink((_type, body) => parseAttributes(body.subarray(16)).has(49) ? "ERANGE" : "ENODEV");
const says = (code: string) => ({ calls: fakeNetlink(() => code) });

probeCases(newifindex, [
  ["the index is out of range", { calls: knows }, "SUPPORTED"],
  ["the attribute is passed over", says("ENODEV"), "UNSUPPORTED", /RTM_SETLINK.*ENODEV/],
  ["there is such a device", { calls: fakeNetlink(() => []) }, "INCONCLUSIVE", /succeeds/],
  [
    "the capability is missing",
    { ...says("EPERM"), files: { "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /RTM_SETLINK.*EPERM/,
  ],
  ["it is refused without a cause", says("EPERM"), "INCONCLUSIVE", /EPERM/],
  ["it fails otherwise", says("EBUSY"), "INCONCLUSIVE", /EBUSY/],
  ["there is no netlink", { calls: { socket: "EAFNOSUPPORT" } }, "UNSUPPORTED", /socket\(/],
  ["nobody answers", { calls: { ...knows, recvfrom: "EAGAIN" } }, "INCONCLUSIVE", /no answer/],
]);
