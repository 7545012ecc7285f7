import assert from "node:assert/strict";
import { attribute, i32, message, parseAttributes, u32 } from "../../../ffi/netlink.ts";
import { PTRACE_POKEDATA } from "../../../ffi/uapi.ts";
import link_nsid from "../../../probes/link_nsid.ts";
import { CRIU_USER_STATUS, type FakeMachine, FILTERED_STATUS, NOBODY_STATUS } from "../fake_libc.ts";
import { type Answer, fakeNetlink } from "../fake_netlink.ts";
import { probeCases, probeOn } from "../probe_case.ts";

const RTM_NEWLINK = 16;
const shown = (id: number) => [message(RTM_NEWLINK, 0, new Uint8Array(16), attribute(id, u32(0)))];

/** A child in its own network namespace, whose kernel answers to the new pair and to the look at it. */
function kernel(create: Answer, show: Answer, calls: FakeMachine["calls"] = {}): FakeMachine {
  const netlink = fakeNetlink((type, body) =>
    type === RTM_NEWLINK ? (peerNamespace(body) === 3 ? create : "EBADF") : show
  );
  return {
    files: { "/proc/self/ns/net": "" },
    calls: { unshare: 0, ...netlink, ...calls },
    ptrace: {
      [PTRACE_POKEDATA]({ args: [, , at, word], memory }) {
        memory.setU64(at!, word!);
        return 0;
      },
    },
  };
}

/** The descriptor in IFLA_LINKINFO, IFLA_INFO_DATA, VETH_INFO_PEER, IFLA_NET_NS_FD. */
function peerNamespace(body: Uint8Array): number | undefined {
  const info = parseAttributes(parseAttributes(body.subarray(16)).get(18)!);
  const peer = parseAttributes(info.get(2)!).get(1)!;
  return i32(parseAttributes(peer.subarray(16)).get(28)!);
}

const nobody = (machine: FakeMachine) => ({
  ...machine,
  files: { ...machine.files, "/proc/self/status": NOBODY_STATUS },
});
const filtered = (machine: FakeMachine) => ({
  ...machine,
  files: { ...machine.files, "/proc/self/status": FILTERED_STATUS },
});

probeCases(link_nsid, [
  ["the other end's namespace is shown", kernel([], shown(37)), "SUPPORTED"],
  ["it is not shown", kernel([], shown(36)), "UNSUPPORTED", /IFLA_LINK_NETNSID/],
  ["it is not shown, and a filter may be why", filtered(kernel([], shown(36))), "INCONCLUSIVE", /IFLA_LINK_NETNSID/],
  ["no device is shown", kernel([], []), "UNSUPPORTED", /IFLA_LINK_NETNSID/],
  ["there is no veth", kernel("EOPNOTSUPP", []), "UNSUPPORTED", /RTM_NEWLINK\(veth\): EOPNOTSUPP/],
  ["there are no network namespaces", { clone: "EINVAL" }, "UNSUPPORTED", /clone\(CLONE_NEWNET\): EINVAL/],
  ["the first capability is missing", nobody({ clone: "EPERM" }), "BLOCKED", /clone\(CLONE_NEWNET\): EPERM/],
  ["the second capability is missing", nobody(kernel("EPERM", [])), "BLOCKED", /RTM_NEWLINK\(veth\): EPERM/],
  ["it is refused without a cause", kernel("EPERM", []), "INCONCLUSIVE", /EPERM/],
  [
    "no network namespaces are allowed",
    { clone: "ENOSPC", files: { "/proc/sys/user/max_net_namespaces": "0\n" } },
    "BLOCKED",
    /ENOSPC/,
  ],
  ["a second namespace is refused", kernel([], shown(37), { unshare: "ENOMEM" }), "INCONCLUSIVE", /unshare.*ENOMEM/],
  ["it fails otherwise", kernel("EEXIST", []), "INCONCLUSIVE", /EEXIST/],
]);

Deno.test("link_nsid says that criu does not ask with --unprivileged, and only then", () => {
  const machine = kernel([], shown(37));
  const files = { ...machine.files, "/proc/self/status": CRIU_USER_STATUS };
  assert.equal(probeOn(link_nsid, { ...machine, files }).criuDiffers?.verdict, "UNSUPPORTED");
  assert.equal(probeOn(link_nsid, machine).criuDiffers, null);
});
