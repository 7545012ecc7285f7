import prctl_mm_map from "../../../probes/prctl_mm_map.ts";
import { FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases } from "../probe_case.ts";

probeCases(prctl_mm_map, [
  [
    "the size is told",
    { calls: { prctl: ({ args, memory }) => (memory.setU32(args[2]!, 104), 0) } },
    "SUPPORTED",
  ],
  ["no size is told", { calls: { prctl: 0 } }, "INCONCLUSIVE", /no size/],
  ["the option is unknown", { calls: { prctl: "EINVAL" } }, "UNSUPPORTED", /PR_SET_MM_MAP_SIZE\): EINVAL/],
  ["it is refused", { calls: { prctl: "EPERM" } }, "INCONCLUSIVE", /EPERM/],
  [
    "a filter may have answered",
    {
      calls: { prctl: "EINVAL" },
      files: { "/proc/self/status": FILTERED_STATUS },
    },
    "INCONCLUSIVE",
    /seccomp filter/,
  ],
  [
    "a filter is there, and the option is off",
    {
      calls: { prctl: "EINVAL" },
      files: {
        "/proc/self/status": FILTERED_STATUS,
        "/proc/sys/kernel/osrelease": "6.1.0\n",
        "/boot/config-6.1.0": "CONFIG_X=y\n# CONFIG_CHECKPOINT_RESTORE is not set\n",
      },
    },
    "UNSUPPORTED",
    /CONFIG_CHECKPOINT_RESTORE is not set in \/boot\/config-6\.1\.0/,
  ],
]);
