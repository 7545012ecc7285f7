/** cready as it is, but for three probes that go wrong; compiled by scripts/compile exactly as main.ts is. */
import { run } from "../../../cli/run.ts";
import { openLibc } from "../../../ffi/libc.ts";
import type { Kernel } from "../../../probes/probe.ts";
import { featureNamed } from "../../../probes/registry.ts";

const BAD: Readonly<Record<string, (kernel: Kernel) => never>> = {
  /** Runs for ever. */
  tun: () => {
    for (;;);
  },
  /** Waits for ever, in the kernel. */
  uffd: ({ sys }) => {
    for (;;) sys.try("ppoll", 0, 0, 0, 0, 0);
  },
  /** Reads where there is nothing: SIGSEGV. */
  nsid: () => {
    throw new Error(`address 8 holds ${new Deno.UnsafePointerView(Deno.UnsafePointer.create(8n)!).getUint32()}`);
  },
  /** A fault of our own. */
  timens: () => {
    throw new TypeError("a bug");
  },
};

for (const [name, bad] of Object.entries(BAD)) Object.assign(featureNamed(name)!, { run: bad });
const libc = openLibc();
libc.syscall("exit_group", await run(Deno.args, libc));
