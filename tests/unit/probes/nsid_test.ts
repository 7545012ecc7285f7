import { attribute, message, u32 } from "../../../ffi/netlink.ts";
import nsid from "../../../probes/nsid.ts";
import { FILTERED_STATUS } from "../fake_libc.ts";
import { fakeNetlink } from "../fake_netlink.ts";
import { probeCases } from "../probe_case.ts";

const answer = (type: number, id: number) => fakeNetlink(() => [message(type, 0, u32(0), attribute(id, u32(-1)))]);

probeCases(nsid, [
  ["an id comes", { calls: answer(88, 1) }, "SUPPORTED"],
  ["another attribute comes", { calls: answer(88, 2) }, "UNSUPPORTED", /without an id/],
  ["another message comes", { calls: answer(16, 1) }, "UNSUPPORTED", /without an id/],
  ["nothing comes before the end", { calls: fakeNetlink(() => []) }, "UNSUPPORTED", /without an id/],
  ["the request is unknown", { calls: fakeNetlink(() => "EOPNOTSUPP") }, "UNSUPPORTED", /RTM_GETNSID.*EOPNOTSUPP/],
  [
    "the request is unknown, whatever filters there are",
    { calls: fakeNetlink(() => "EINVAL"), files: { "/proc/self/status": FILTERED_STATUS } },
    "UNSUPPORTED",
    /EINVAL/,
  ],
  ["it fails otherwise", { calls: fakeNetlink(() => "ESRCH") }, "INCONCLUSIVE", /ESRCH/],
  [
    "a filter refuses the socket",
    {
      calls: { socket: "EPERM" },
      files: { "/proc/self/status": FILTERED_STATUS, "/proc/kallsyms": "0 T __x64_sys_socket\n" },
    },
    "BLOCKED",
    /seccomp/,
  ],
  ["nobody answers", { calls: { ...fakeNetlink(() => []), recvfrom: "EAGAIN" } }, "INCONCLUSIVE", /no answer/],
]);
