import { defineProbe, lacking, supported } from "./probe.ts";
import { openUffd, shakeHands } from "./uffd.ts";
import { asRoot, notAskedUnprivileged, noteUser } from "./unprivileged.ts";

/** UFFD_FEATURE_EVENT_*, linux/userfaultfd.h. */
const EVENTS = { FORK: 1 << 1, REMAP: 1 << 2, REMOVE: 1 << 3, UNMAP: 1 << 6 } as const;
const ALL = Object.values(EVENTS).reduce((sum, bit) => sum | bit, 0);
const SWITCHED_ON = "EVENT_FORK | EVENT_REMAP | EVENT_REMOVE | EVENT_UNMAP";

export default defineProbe({
  id: "uffd_noncoop",
  criuName: "uffd-noncoop",
  title: "userfaultfd events of processes that know nothing of it",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.11",
  impact: "processes that fork, or that move or unmap memory, cannot be migrated lazily (--lazy-pages)",
  kconfig: ["CONFIG_USERFAULTFD"],
  modules: [],
  rights: [{ capability: "CAP_SYS_PTRACE", over: "initial" }],
  mend: "boot Linux 4.11 or newer built with CONFIG_USERFAULTFD=y",
  references: ["man:UFFDIO_API(2const)", "linux:fs/userfaultfd.c userfaultfd_api", "criu:check_uffd_noncoop"],
  autoloads: [],
  criuFaults: [{
    when: ["BLOCKED"],
    applies: (_answer, evidence) => asRoot(evidence) && evidence.at(-1)?.call.includes("EVENT_FORK") === true,
    says: "SUPPORTED",
    why: "it looks at the features that the kernel lists; switching the fork event on takes CAP_SYS_PTRACE",
    reproduce:
      "criu check --feature uffd-noncoop as root without CAP_SYS_PTRACE and with vm.unprivileged_userfaultfd=1",
  }, notAskedUnprivileged("uffd-noncoop")],
  absentOn: ["ENOSYS"],
  run(kernel) {
    const { sys, host } = kernel;
    noteUser(kernel);
    using first = openUffd(sys);
    const { features } = shakeHands(sys, first, "0");
    const missing = Object.entries(EVENTS).flatMap(([name, bit]) => features & bit ? [] : [`EVENT_${name}`]);
    if (missing.length > 0) return lacking(host, `UFFDIO_API answers features without ${missing.join(", ")}`);
    // A descriptor shakes hands once.
    using second = openUffd(sys);
    shakeHands(sys, second, SWITCHED_ON, ALL);
    return supported();
  },
});
