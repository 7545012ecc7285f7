import kcmp from "../../../probes/kcmp.ts";
import { FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const filtered = (kallsyms: string) => ({
  "/proc/self/status": FILTERED_STATUS,
  "/proc/kallsyms": `0000000000000000 ${kallsyms} __x64_sys_kcmp\n`,
});

probeCases(kcmp, [
  ["a process shares its memory with itself", { calls: { kcmp: 0 } }, "SUPPORTED"],
  ["it says that a process differs from itself", { calls: { kcmp: 1 } }, "UNSUPPORTED", /answers 1/],
  ["the call is not there", { calls: { kcmp: "ENOSYS" } }, "UNSUPPORTED", /kcmp\(.*\): ENOSYS/],
  ["it is refused without a cause", { calls: { kcmp: "EPERM" } }, "INCONCLUSIVE", /EPERM/],
  ["a filter refuses a built-in call", { calls: { kcmp: "EPERM" }, files: filtered("T") }, "BLOCKED", /seccomp/],
  ["a filter hides a built-in call", { calls: { kcmp: "ENOSYS" }, files: filtered("T") }, "BLOCKED", /seccomp/],
  [
    "a filter is there, the call is not",
    { calls: { kcmp: "ENOSYS" }, files: filtered("W") },
    "UNSUPPORTED",
    /kallsyms/,
  ],
  [
    "a filter is there, no second witness",
    { calls: { kcmp: "ENOSYS" }, files: { "/proc/self/status": FILTERED_STATUS } },
    "INCONCLUSIVE",
    /seccomp filter/,
  ],
]);
