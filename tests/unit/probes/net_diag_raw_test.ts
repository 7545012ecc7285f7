import assert from "node:assert/strict";
import { AF_INET, AF_INET6 } from "../../../ffi/uapi.ts";
import net_diag_raw from "../../../probes/net_diag_raw.ts";
import { FILTERED_STATUS } from "../fake_libc.ts";
import { fakeNetlink } from "../fake_netlink.ts";
import { probeCases, probeOn } from "../probe_case.ts";

/** Sockets that answer requests for raw sockets of these families with an errno. */
const diag = (errors: Record<number, string>) =>
  fakeNetlink((_type, body) => body[1] === 255 ? errors[body[0]!] ?? [] : "EINVAL");

probeCases(net_diag_raw, [
  ["both answer", { calls: diag({}) }, "SUPPORTED"],
  ["IPv4 is missing", { calls: diag({ [AF_INET]: "ENOENT" }) }, "UNSUPPORTED", /AF_INET, RAW\): ENOENT/],
  ["IPv6 is missing", { calls: diag({ [AF_INET6]: "ENOENT" }) }, "UNSUPPORTED", /AF_INET6, RAW\): ENOENT/],
  [
    "it is missing, whatever filters there are",
    { calls: diag({ [AF_INET]: "ENOENT" }), files: { "/proc/self/status": FILTERED_STATUS } },
    "UNSUPPORTED",
    /ENOENT/,
  ],
  ["there is no such protocol", { calls: { ...diag({}), socket: "EPROTONOSUPPORT" } }, "UNSUPPORTED", /socket\(/],
  ["it fails otherwise", { calls: diag({ [AF_INET]: "ENOMEM" }) }, "INCONCLUSIVE", /ENOMEM/],
  ["nobody answers", { calls: { ...diag({}), recvfrom: "EAGAIN" } }, "INCONCLUSIVE", /no answer/],
]);

Deno.test("criu's yes is told", () => {
  assert.equal(probeOn(net_diag_raw, { calls: diag({ [AF_INET]: "ENOENT" }) }).criuDiffers?.verdict, "SUPPORTED");
});
