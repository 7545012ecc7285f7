import ipv6_freebind from "../../../probes/ipv6_freebind.ts";
import { type Call, FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

/** Takes 2001:db8:: of AF_INET6 only. */
const bind = ({ args: [, at, size], memory }: Call) =>
  size === 28 && memory.u16(at!) === 10 && memory.bytes(at! + 8, 4).join() === "32,1,13,184" ? 0 : "EINVAL";
const getsockname = ({ args: [, at], memory }: Call) => (memory.write(at! + 8, [32, 1, 13, 184]), 0);
const calls = { socket: 1000, setsockopt: 0, bind, getsockname };

probeCases(ipv6_freebind, [
  ["an address of nobody can be bound", { calls }, "SUPPORTED"],
  ["the socket has no such address", { calls: { ...calls, getsockname: 0 } }, "INCONCLUSIVE", /does not bind/],
  ["it cannot in spite of the option", { calls: { ...calls, bind: "EADDRNOTAVAIL" } }, "INCONCLUSIVE", /EADDRNOTAVAIL/],
  [
    "the option is unknown",
    { calls: { ...calls, setsockopt: "ENOPROTOOPT" } },
    "UNSUPPORTED",
    /IPV6_FREEBIND, 1\): EN/,
  ],
  ["there is no IPv6", { calls: { ...calls, socket: "EAFNOSUPPORT" } }, "UNSUPPORTED", /AF_INET6.*EAFNOSUPPORT/],
  [
    "IPv6 was switched off at boot",
    { calls: { ...calls, socket: "EAFNOSUPPORT" }, files: { "/sys/module/ipv6/parameters/disable": "1\n" } },
    "BLOCKED",
    /EAFNOSUPPORT/,
  ],
  [
    "IPv6 was not switched off at boot",
    { calls: { ...calls, socket: "EAFNOSUPPORT" }, files: { "/sys/module/ipv6/parameters/disable": "0\n" } },
    "UNSUPPORTED",
  ],
  ["it is refused without a cause", { calls: { ...calls, setsockopt: "EPERM" } }, "INCONCLUSIVE", /EPERM/],
  ["no descriptor is left", { calls: { ...calls, socket: "EMFILE" } }, "INCONCLUSIVE", /EMFILE/],
  [
    "a filter refuses it",
    {
      calls: { ...calls, setsockopt: "EPERM" },
      files: { "/proc/self/status": FILTERED_STATUS, "/proc/kallsyms": "0000000000000000 T __x64_sys_setsockopt\n" },
    },
    "BLOCKED",
    /seccomp/,
  ],
]);
