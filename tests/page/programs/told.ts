/** cready as it is, but for what some checks answer, and one that waits while a file is there; compiled as main.ts is. */
import { run } from "../../../cli/run.ts";
import { access } from "../../../ffi/files.ts";
import { openLibc } from "../../../ffi/libc.ts";
import { blocked, inconclusive, type Kernel, supported, unsupported } from "../../../probes/probe.ts";
import { featureNamed } from "../../../probes/registry.ts";

const libc = openLibc();
const gate = libc.getenv("CREADY_GATE") ?? "";
const remedy = {
  cause: "CONFIG_OFF",
  why: "CONFIG_MADE_UP is not set",
  text: "set it",
  command: "make made-up",
} as const;
const TOLD: Readonly<Record<string, (kernel: Kernel) => ReturnType<typeof unsupported>>> = {
  mem_dirty_track: ({ sys }) => {
    sys.note("look at what is made up", "0");
    return unsupported("made up: the bit stayed 0", [remedy]);
  },
  userns: () => blocked("made up: refused", { ...remedy, cause: "SYSCTL", why: "made_up.sysctl is 0" }),
  tun: ({ sys }) => {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    while (gate !== "" && access(sys, gate, 0) === 0) Atomics.wait(pause, 0, 0, 10);
    return supported();
  },
  uffd: () => inconclusive("made up: nobody knows"),
};
for (const [name, told] of Object.entries(TOLD)) Object.assign(featureNamed(name)!, { run: told });
libc.syscall("exit_group", await run(Deno.args, libc));
