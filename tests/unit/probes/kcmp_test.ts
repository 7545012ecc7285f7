import kcmp from "../../../probes/kcmp.ts";
import { FILTERED_STATUS, type Reply } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

/** Memory is shared with itself; both ends of a pipe are two files. */
const orders: Reply = ({ args: [, , type] }) => type === 0 ? 2 : 0;
const filtered = (kallsyms: string) => ({
  "/proc/self/status": FILTERED_STATUS,
  "/proc/kallsyms": `0000000000000000 ${kallsyms} __x64_sys_kcmp\n`,
});

probeCases(kcmp, [
  ["a process shares its memory with itself", { calls: { kcmp: orders } }, "SUPPORTED"],
  ["all files are said to be one", { calls: { kcmp: 0 } }, "INCONCLUSIVE", /both ends of a pipe/],
  ["it says that a process differs from itself", { calls: { kcmp: 1 } }, "UNSUPPORTED", /answers 1/],
  ["the call is not there", { calls: { kcmp: "ENOSYS" } }, "UNSUPPORTED", /kcmp\(.*\): ENOSYS/],
  ["it is refused without a cause", { calls: { kcmp: "EPERM" } }, "INCONCLUSIVE", /EPERM/],
  ["a filter refuses a built-in call", { calls: { kcmp: "EPERM" }, files: filtered("T") }, "BLOCKED", /seccomp/],
  ["a filter hides a built-in call", { calls: { kcmp: "ENOSYS" }, files: filtered("T") }, "BLOCKED", /seccomp/],
  [
    "a filter hides a call that an option of older kernels gave",
    {
      calls: { kcmp: "ENOSYS" },
      files: {
        ...filtered("T"),
        "/proc/sys/kernel/osrelease": "5.10.0\n",
        "/boot/config-5.10.0": "CONFIG_CHECKPOINT_RESTORE=y\n",
      },
    },
    "BLOCKED",
    /seccomp/,
  ],
  [
    "a filter refuses it to ourselves only",
    { calls: { kcmp: ({ args: [one] }) => one === -1 ? "ESRCH" : "EPERM" }, files: filtered("T") },
    "INCONCLUSIVE",
    /which may have answered/,
  ],
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
