import sockopt_buf_lock from "../../../probes/sockopt_buf_lock.ts";
import { type Call, FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const reading = (value: number) => ({ args, memory }: Call) => {
  memory.setU32(args[3]!, value);
  return 0;
};
const calls = { socket: 1000, setsockopt: 0, getsockopt: reading(3) };
/** Only the family given is there. */
const only = (family: number) => ({ args }: Call) => args[0] === family ? 1000 : "EAFNOSUPPORT";

probeCases(sockopt_buf_lock, [
  ["what was set reads back", { calls }, "SUPPORTED"],
  ["only IPv6 is there", { calls: { ...calls, socket: only(10) } }, "SUPPORTED"],
  ["only unix sockets are there", { calls: { ...calls, socket: only(1) } }, "SUPPORTED"],
  ["something else reads back", { calls: { ...calls, getsockopt: reading(0) } }, "INCONCLUSIVE", /reads back as 0/],
  [
    "the option is unknown",
    { calls: { ...calls, setsockopt: "ENOPROTOOPT" } },
    "UNSUPPORTED",
    /SO_BUF_LOCK, 3\): ENOPROTOOPT/,
  ],
  ["no family is there", { calls: { ...calls, socket: "EAFNOSUPPORT" } }, "INCONCLUSIVE", /AF_UNIX.*EAFNOSUPPORT/],
  ["another errno comes", { calls: { ...calls, getsockopt: "EINVAL" } }, "INCONCLUSIVE", /EINVAL/],
  ["no descriptor is left", { calls: { ...calls, socket: "ENFILE" } }, "BLOCKED", /ENFILE/],
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
