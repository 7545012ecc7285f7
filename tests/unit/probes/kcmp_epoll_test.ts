import kcmp_epoll from "../../../probes/kcmp_epoll.ts";
import { FILTERED_STATUS, type Reply } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

/** The first is found, and there is no second. */
const found: Reply = ({ args, memory }) => memory.u32(args[4]! + 8) === 0 ? 0 : "ENOENT";
const calls = { epoll_create1: 1001, epoll_ctl: 0 };

probeCases(kcmp_epoll, [
  ["the pipe is the set's target", { calls: { ...calls, kcmp: found } }, "SUPPORTED"],
  ["one is said to be two", { calls: { ...calls, kcmp: 0 } }, "INCONCLUSIVE", /there is none/],
  ["another descriptor is said to be the target", { calls: { ...calls, kcmp: 2 } }, "UNSUPPORTED", /answers 2/],
  ["the type is unknown", { calls: { ...calls, kcmp: "EINVAL" } }, "UNSUPPORTED", /KCMP_EPOLL_TFD\): EINVAL/],
  ["kcmp was built without epoll", { calls: { ...calls, kcmp: "EOPNOTSUPP" } }, "UNSUPPORTED"],
  ["there is no kcmp", { calls: { ...calls, kcmp: "ENOSYS" } }, "UNSUPPORTED"],
  ["there is no epoll", { calls: { epoll_create1: "ENOSYS" } }, "UNSUPPORTED", /epoll_create1/],
  ["it cannot be compared", { calls: { ...calls, kcmp: "EFAULT" } }, "INCONCLUSIVE", /EFAULT/],
  ["no descriptor is left", { calls: { epoll_create1: "EMFILE" } }, "INCONCLUSIVE", /EMFILE/],
  [
    "a filter refuses a built-in call",
    {
      calls: { ...calls, kcmp: "EPERM" },
      files: { "/proc/self/status": FILTERED_STATUS, "/proc/kallsyms": "0000000000000000 T __x64_sys_kcmp\n" },
    },
    "BLOCKED",
    /seccomp/,
  ],
]);
