import { PTRACE_SECCOMP_GET_FILTER, PTRACE_SEIZE } from "../../../ffi/uapi.ts";
import seccomp_filters from "../../../probes/seccomp_filters.ts";
import { FILTERED_STATUS, NOBODY_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const calls = { prctl: 0 };

probeCases(seccomp_filters, [
  ["the filter's length comes back", { calls, ptrace: { [PTRACE_SECCOMP_GET_FILTER]: 1 } }, "SUPPORTED"],
  ["another length comes back", { calls, ptrace: { [PTRACE_SECCOMP_GET_FILTER]: 7 } }, "INCONCLUSIVE", /7/],
  ["the request is unknown", { calls, ptrace: { [PTRACE_SECCOMP_GET_FILTER]: "EIO" } }, "UNSUPPORTED", /EIO/],
  [
    "the capability is missing",
    {
      calls: { prctl: "EACCES" },
      files: { "/proc/self/status": NOBODY_STATUS },
    },
    "BLOCKED",
    /EACCES/,
  ],
  [
    "Yama forbids tracing",
    {
      ptrace: { [PTRACE_SEIZE]: "EPERM" },
      files: { "/proc/sys/kernel/yama/ptrace_scope": "3\n" },
    },
    "BLOCKED",
    /PTRACE_SEIZE/,
  ],
  [
    "the tracer is under seccomp",
    {
      calls,
      ptrace: { [PTRACE_SECCOMP_GET_FILTER]: "EACCES" },
      files: { "/proc/self/status": FILTERED_STATUS },
    },
    "BLOCKED",
    /under seccomp itself/,
  ],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);
