import assert from "node:assert/strict";
import sock_diag from "../../../probes/sock_diag.ts";
import {
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
} from "../../../ffi/uapi.ts";
import { FILTERED_STATUS } from "../fake_libc.ts";
import { fakeNetlink } from "../fake_netlink.ts";
import { probeCases, probeOn } from "../probe_case.ts";

/** Sockets that answer these families, or protocols of them, with an errno. */
const diag = (errors: Record<string, string>) =>
  fakeNetlink((_type, body) => errors[`${body[0]} ${body[1]}`] ?? errors[String(body[0])] ?? []);

probeCases(sock_diag, [
  ["all answer", { calls: diag({}) }, "SUPPORTED"],
  ["only UDP-Lite is missing", { calls: diag({ [`2 ${IPPROTO_UDPLITE}`]: "ENOENT" }) }, "SUPPORTED"],
  ["unix is missing", { calls: diag({ [AF_UNIX]: "ENOENT" }) }, "UNSUPPORTED", /AF_UNIX\): ENOENT/],
  [
    "TCP of IPv4 is missing",
    { calls: diag({ [`2 ${IPPROTO_TCP}`]: "ENOENT" }) },
    "UNSUPPORTED",
    /AF_INET, TCP\): ENOENT/,
  ],
  [
    "UDP of IPv6 is missing",
    { calls: diag({ [`${AF_INET6} ${IPPROTO_UDP}`]: "ENOENT" }) },
    "UNSUPPORTED",
    /AF_INET6, UDP/,
  ],
  [
    "packet does not know the request",
    { calls: diag({ [AF_PACKET]: "EINVAL" }) },
    "UNSUPPORTED",
    /AF_PACKET\): EINVAL/,
  ],
  ["netlink is missing", { calls: diag({ [AF_NETLINK]: "ENOENT" }) }, "UNSUPPORTED", /AF_NETLINK\): ENOENT/],
  [
    "two are missing, whatever filters there are",
    { calls: diag({ [AF_UNIX]: "ENOENT", [AF_PACKET]: "ENOENT" }), files: { "/proc/self/status": FILTERED_STATUS } },
    "UNSUPPORTED",
    /AF_UNIX\): ENOENT, .*AF_PACKET\): ENOENT/,
  ],
  ["there is no such protocol", { calls: { ...diag({}), socket: "EPROTONOSUPPORT" } }, "UNSUPPORTED", /socket\(/],
  [
    "a filter refuses the socket",
    {
      calls: { ...diag({}), socket: "EPERM" },
      files: { "/proc/self/status": FILTERED_STATUS, "/proc/kallsyms": "0 T __x64_sys_socket\n" },
    },
    "BLOCKED",
    /seccomp/,
  ],
  ["one is refused", { calls: diag({ [AF_UNIX]: "EACCES" }) }, "INCONCLUSIVE", /AF_UNIX\): EACCES/],
  ["nobody answers", { calls: { ...diag({}), recvfrom: "EAGAIN" } }, "INCONCLUSIVE", /no answer/],
]);

Deno.test("the remedies are of what is missing, and of nothing else", () => {
  const config = "CONFIG_UNIX_DIAG=m\n# CONFIG_PACKET_DIAG is not set\nCONFIG_PACKET=y\n";
  const files = {
    "/proc/sys/kernel/osrelease": "6.1\n",
    "/boot/config-6.1": config,
    "/lib/modules/6.1/modules.dep": "kernel/net/unix/unix_diag.ko:\n",
  };
  const of = (errors: Record<string, string>) => probeOn(sock_diag, { calls: diag(errors), files });
  assert.deepEqual(of({ [AF_PACKET]: "ENOENT" }).remedies.map(({ cause }) => cause), ["CONFIG_OFF"]);
  assert.deepEqual(of({ [AF_UNIX]: "ENOENT" }).remedies.map(({ command }) => command), ["modprobe unix_diag"]);
  assert.equal(of({ [AF_UNIX]: "ENOENT" }).criuDiffers?.verdict, "SUPPORTED");
});
