import timer_cr_ids from "../../../probes/timer_cr_ids.ts";
import { type Call, FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

const strict = ({ args: [option, operation, third] }: Call) =>
  option === 77 && operation === 2 && third === 0 ? 0 : "EINVAL";

probeCases(timer_cr_ids, [
  ["it is off, and refuses an argument too many", { calls: { prctl: strict } }, "SUPPORTED"],
  ["everything is answered with yes", { calls: { prctl: 0 } }, "INCONCLUSIVE", /invalid argument/],
  [
    "it is neither on nor off",
    { calls: { prctl: ({ args }: Call) => args[2] === 0 ? 7 : "EINVAL" } },
    "INCONCLUSIVE",
    /answers 7/,
  ],
  ["the option is unknown", { calls: { prctl: "EINVAL" } }, "UNSUPPORTED", /RESTORE_IDS_GET\): EINVAL/],
  ["it is refused without a cause", { calls: { prctl: "EPERM" } }, "INCONCLUSIVE", /EPERM/],
  [
    "a filter refuses it",
    {
      calls: { prctl: "EPERM" },
      files: { "/proc/self/status": FILTERED_STATUS, "/proc/kallsyms": "0000000000000000 T __x64_sys_prctl\n" },
    },
    "BLOCKED",
    /seccomp/,
  ],
]);
