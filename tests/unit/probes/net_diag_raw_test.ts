import assert from "node:assert/strict";
import { AF_INET, AF_INET6 } from "../../../ffi/uapi.ts";
import net_diag_raw from "../../../probes/net_diag_raw.ts";
import { FILTERED_STATUS } from "../fake_libc.ts";
import { fakeNetlink } from "../fake_netlink.ts";
import { probeCases, probeOn } from "../probe_case.ts";

/** Sockets that answer requests for raw sockets of these families with an errno. */
const diag = (errors: Record<number, string>) =>
  fakeNetlink((_type, body) => body[1] === 255 ? errors[body[0]!] ?? [] : "EINVAL");

const ON_DISK = {
  calls: diag({ [AF_INET]: "ENOENT" }),
  files: {
    "/proc/sys/kernel/osrelease": "6.1.0\n",
    "/proc/sys/kernel/modules_disabled": "1\n",
    "/proc/modules": "inet_diag 1 0 - Live 0x0\n",
    "/lib/modules/6.1.0/modules.dep": "kernel/raw_diag.ko:\nkernel/inet_diag.ko:\n",
  },
};

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
  ["its module is on disk and was not loaded", ON_DISK, "BLOCKED", /AF_INET, RAW\): ENOENT/],
  ["there is no such protocol", { calls: { ...diag({}), socket: "EPROTONOSUPPORT" } }, "UNSUPPORTED", /socket\(/],
  ["it fails otherwise", { calls: diag({ [AF_INET]: "ENOMEM" }) }, "INCONCLUSIVE", /ENOMEM/],
  ["nobody answers", { calls: { ...diag({}), recvfrom: "EAGAIN" } }, "INCONCLUSIVE", /no answer/],
]);

Deno.test("criu's yes is told", () => {
  for (const machine of [{ calls: diag({ [AF_INET]: "ENOENT" }) }, ON_DISK]) {
    assert.equal(probeOn(net_diag_raw, machine).criuDiffers?.verdict, "SUPPORTED");
  }
});
