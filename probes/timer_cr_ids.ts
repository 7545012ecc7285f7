import { defineProbe, inconclusive, supported } from "./probe.ts";

// linux/prctl.h
const PR_TIMER_CREATE_RESTORE_IDS = 77;
const PR_TIMER_CREATE_RESTORE_IDS_GET = 2;
const EINVAL = 22;

export default defineProbe({
  id: "timer_cr_ids",
  criuName: "timer_cr_ids",
  title: "timer_create(2) with chosen ids",
  category: "EXTRA",
  subject: "KERNEL",
  since: "6.15",
  impact: "restoring a POSIX timer takes as many calls as its id is large",
  kconfig: ["CONFIG_POSIX_TIMERS"],
  modules: [],
  rights: [],
  mend: "boot Linux 6.15 or newer",
  references: [
    "man:timer_create(2)",
    "linux:kernel/time/posix-timers.c posixtimer_create_prctl",
    "criu:kerndat_has_timer_cr_ids",
  ],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EINVAL"],
  run({ sys }) {
    const on = sys.ask(
      "prctl(PR_TIMER_CREATE_RESTORE_IDS, PR_TIMER_CREATE_RESTORE_IDS_GET)",
      PR_TIMER_CREATE_RESTORE_IDS,
      PR_TIMER_CREATE_RESTORE_IDS_GET,
      0,
      0,
      0,
    );
    // The kernel refuses an argument too many; a sandbox that says yes to whatever it does not know would not.
    const strict = sys.look(
      "prctl(PR_TIMER_CREATE_RESTORE_IDS, PR_TIMER_CREATE_RESTORE_IDS_GET, 1)",
      PR_TIMER_CREATE_RESTORE_IDS,
      PR_TIMER_CREATE_RESTORE_IDS_GET,
      1,
      0,
      0,
    );
    if ((on === 0 || on === 1) && strict === -EINVAL) return supported();
    return inconclusive(`prctl(PR_TIMER_CREATE_RESTORE_IDS) answers ${on}, and ${strict} to an invalid argument`);
  },
});
