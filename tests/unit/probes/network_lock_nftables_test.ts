import assert from "node:assert/strict";
import network_lock_nftables from "../../../probes/network_lock_nftables.ts";
import { CRIU_USER_STATUS, type FakeMachine, FILTERED_STATUS, NOBODY_STATUS } from "../fake_libc.ts";
import { type Answer, fakeNetlink } from "../fake_netlink.ts";
import { probeCases, probeOn } from "../probe_case.ts";

/** A child in its own network namespace, whose kernel answers so to the new table and the new set. */
const kernel = (table: Answer, set: Answer): FakeMachine => ({
  calls: fakeNetlink((type) => type === 0xa00 ? table : type === 0xa09 ? set : "EINVAL"),
});
const withStatus = (machine: FakeMachine, status: string) => ({ ...machine, files: { "/proc/self/status": status } });

probeCases(network_lock_nftables, [
  ["table and set are made", kernel([], []), "SUPPORTED"],
  ["there are no tables", kernel("EOPNOTSUPP", []), "UNSUPPORTED", /NEWTABLE.*EOPNOTSUPP/],
  ["there are no such sets", kernel([], "EOPNOTSUPP"), "UNSUPPORTED", /NEWSET.*EOPNOTSUPP/],
  ["sets are too short", kernel([], "EINVAL"), "UNSUPPORTED", /NEWSET.*EINVAL/],
  [
    "there are no tables, whatever filters there are",
    withStatus(kernel("EOPNOTSUPP", []), FILTERED_STATUS),
    "UNSUPPORTED",
    /EOPNOTSUPP/,
  ],
  ["there is no netfilter", { calls: { socket: "EPROTONOSUPPORT" } }, "UNSUPPORTED", /socket\(.*NETFILTER/],
  ["there are no network namespaces", { clone: "EINVAL" }, "UNSUPPORTED", /clone\(CLONE_NEWNET\): EINVAL/],
  ["the first capability is missing", withStatus({ clone: "EPERM" }, NOBODY_STATUS), "BLOCKED", /clone/],
  ["the second capability is missing", withStatus(kernel("EPERM", []), NOBODY_STATUS), "BLOCKED", /NEWTABLE.*EPERM/],
  ["it is refused without a cause", kernel("EPERM", []), "INCONCLUSIVE", /EPERM/],
  [
    "no network namespaces are allowed",
    { clone: "ENOSPC", files: { "/proc/sys/user/max_net_namespaces": "0\n" } },
    "BLOCKED",
    /ENOSPC/,
  ],
  ["it fails otherwise", kernel([], "ENOMEM"), "INCONCLUSIVE", /ENOMEM/],
]);

Deno.test("network_lock_nftables says that criu does not ask with --unprivileged, and only then", () => {
  const machine = kernel([], []);
  const files = { ...machine.files, "/proc/self/status": CRIU_USER_STATUS };
  assert.equal(probeOn(network_lock_nftables, { ...machine, files }).criuDiffers?.verdict, "UNSUPPORTED");
  assert.equal(probeOn(network_lock_nftables, machine).criuDiffers, null);
});
