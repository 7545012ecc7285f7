import type { FakeMachine } from "../fake_libc.ts";
import posix_timers from "../../../probes/posix_timers.ts";
import { probeCases } from "../probe_case.ts";

const PATH = "/proc/self/timers";
const timer = (text?: string): FakeMachine => ({
  ...(text === undefined ? {} : { files: { [PATH]: text } }),
  calls: {
    timer_create({ args, memory }) {
      memory.setI32(args[2]!, 5);
      return 0;
    },
    timer_delete: 0,
  },
});

probeCases(posix_timers, [
  ["the timer is listed", timer("ID: 5\nsignal: 0/0000000000000000\nnotify: none/pid.1\nClockID: 1\n"), "SUPPORTED"],
  ["there is no such file", timer(), "UNSUPPORTED", /timers\): ENOENT/],
  ["there are no timers", { calls: { timer_create: "ENOSYS" } }, "UNSUPPORTED", /timer_create.*ENOSYS/],
  ["the timer is not listed", timer("ID: 55\n"), "INCONCLUSIVE", /timer 5/],
  ["no timer can be made", { calls: { timer_create: "EAGAIN" } }, "INCONCLUSIVE", /EAGAIN/],
  ["the file cannot be read", timer("!EACCES"), "INCONCLUSIVE", /EACCES/],
]);
