import { AT_FDCWD, CLONE_NEWTIME, O_CLOEXEC, O_WRONLY } from "../ffi/uapi.ts";
import { readText } from "../ffi/files.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";
import { TRACING } from "./rights.ts";

const PATH = "/proc/self/timens_offsets";
/** CLOCK_MONOTONIC and CLOCK_BOOTTIME by number, as Linux 5.6.0 wants them; seconds and nanoseconds. */
const OFFSETS = "1 10 0\n7 20 0\n";

export default defineProbe({
  id: "timens",
  criuName: "timens",
  title: "time namespaces",
  category: "EXTRA",
  subject: "KERNEL",
  since: "5.6",
  impact: "the monotonic and the boot clock jump for restored processes, and with them their timers",
  kconfig: ["CONFIG_TIME_NS"],
  modules: [],
  rights: [
    { capability: "CAP_SYS_ADMIN", over: "own" },
    { capability: "CAP_SYS_TIME", over: "own" },
    { writable: PATH },
    ...TRACING,
  ],
  mend: "boot Linux 5.6 or newer built with CONFIG_TIME_NS=y",
  references: ["man:time_namespaces(7)", "linux:kernel/time/namespace.c", "criu:has_time_namespace"],
  autoloads: [],
  criuFaults: [{
    when: ["BLOCKED"],
    says: "SUPPORTED",
    why:
      "it looks whether the file is there; making the namespace takes CAP_SYS_ADMIN, setting its clocks CAP_SYS_TIME",
    reproduce: "criu check --feature timens without CAP_SYS_TIME, or with sysctl user.max_time_namespaces=0",
  }],
  absentOn: ["EINVAL"],
  run({ sys, subject }) {
    const { memory } = sys;
    const path = memory.cstring(PATH);
    const text = memory.cstring(OFFSETS);
    using child = subject();
    child.sys.ask("unshare(CLONE_NEWTIME)", CLONE_NEWTIME);
    const fd = child.sys.ask(`openat(${PATH}, O_WRONLY)`, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    child.sys.ask(`write(${PATH}, "1 10 0 7 20 0")`, fd, text, OFFSETS.length);
    const set = readText(sys, `/proc/${child.pid}/timens_offsets`);
    const shown = set.trim().replace(/\s+/g, " ");
    sys.note("read(/proc/CHILD/timens_offsets)", shown);
    if (/^(monotonic|1) 10 0 (boottime|7) 20 0$/.test(shown)) return supported();
    return inconclusive(`/proc/CHILD/timens_offsets has "${shown}" after 10 and 20 seconds were set`);
  },
});
