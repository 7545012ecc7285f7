import { readText } from "../ffi/files.ts";
import { struct } from "../ffi/struct.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";

const CLOCK_MONOTONIC = 1;
const SIGEV_NONE = 1;
const SIGEVENT = struct("sigevent", 64, {
  sigev_value: [0, "u64"],
  sigev_signo: [8, "i32"],
  sigev_notify: [12, "i32"],
});
const PATH = "/proc/self/timers";

export default defineProbe({
  id: "posix_timers",
  criuName: null,
  title: "/proc/PID/timers",
  category: "EXTRA",
  subject: "KERNEL",
  since: "3.10",
  impact: "no process that has POSIX timers (timer_create) can be dumped",
  kconfig: ["CONFIG_POSIX_TIMERS", "CONFIG_CHECKPOINT_RESTORE"],
  modules: [],
  rights: [],
  mend: "boot Linux 3.10 or newer built with CONFIG_POSIX_TIMERS=y and CONFIG_CHECKPOINT_RESTORE=y",
  references: ["man:proc_pid_timers(5)", "linux:fs/proc/base.c show_timer", "criu:check_posix_timers"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["ENOENT", "ENOSYS"],
  run({ sys }) {
    const id = sys.memory.alloc(8);
    const event = SIGEVENT.pack(sys.memory, { sigev_notify: SIGEV_NONE });
    // A timer that is never armed and signals nobody.
    sys.ask("timer_create(CLOCK_MONOTONIC, SIGEV_NONE)", CLOCK_MONOTONIC, event, id);
    const timer = sys.memory.i32(id);
    try {
      const lines = readText(sys, PATH).split("\n");
      const found = lines.includes(`ID: ${timer}`);
      sys.note(`read(${PATH})`, found ? `ID: ${timer}` : `no ID: ${timer}`);
      return found ? supported() : inconclusive(`${PATH} does not list timer ${timer}, which was just made`);
    } finally {
      sys.try("timer_delete", timer);
    }
  },
});
