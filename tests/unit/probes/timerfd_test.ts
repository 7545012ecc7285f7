import type { FakeMachine, Reply } from "../fake_libc.ts";
import timerfd from "../../../probes/timerfd.ts";
import { probeCases } from "../probe_case.ts";

const timer = (ioctl: Reply, ticks = 7): FakeMachine => ({
  calls: {
    timerfd_create: 1000,
    ioctl,
    read({ args, memory }) {
      if (args[0] !== 1000) return null;
      memory.setU64(args[1]!, ticks);
      return 8;
    },
  },
});

probeCases(timerfd, [
  ["the ticks come back", timer(0), "SUPPORTED"],
  ["other ticks come back", timer(0, 1), "INCONCLUSIVE", /tells 1 ticks/],
  ["the request is unknown", timer("ENOTTY"), "UNSUPPORTED", /TFD_IOC_SET_TICKS, 7\): ENOTTY/],
  ["there is no timerfd", { calls: { timerfd_create: "ENOSYS" } }, "UNSUPPORTED", /timerfd_create.*ENOSYS/],
  ["another errno comes", timer("ECANCELED"), "INCONCLUSIVE", /ECANCELED/],
  ["no descriptor is free", { calls: { timerfd_create: "EMFILE" } }, "INCONCLUSIVE", /EMFILE/],
]);
