import { SysError } from "../ffi/errno.ts";
import { MAP_ANONYMOUS, MAP_PRIVATE, MREMAP_FIXED, MREMAP_MAYMOVE, PROT_READ, PROT_WRITE } from "../ffi/uapi.ts";
import type { Host } from "../host/host.ts";
import { blocked, defineProbe, inconclusive, supported } from "./probe.ts";
import { TRACING } from "./rights.ts";

const EVENTS = 16;
/** struct aio_ring (fs/aio.c): u32 id, nr, head, tail, magic, …; 32 bytes, then nr events of 32 bytes. */
const RING = { nr: 4, magic: 16, header: 32, event: 32 } as const;
const AIO_RING_MAGIC = 0xa10a10a1;

/** The two sysctls of which EAGAIN of io_setup is the cause, as text; undefined where they leave room. */
function exhausted(host: Host): { used: number; max: number } | undefined {
  const used = Number(host.sysctl("fs/aio-nr") ?? NaN), max = Number(host.sysctl("fs/aio-max-nr") ?? NaN);
  return used + EVENTS > max ? { used, max } : undefined;
}

export default defineProbe({
  id: "aio_remap",
  criuName: "aio_remap",
  title: "moving the ring of a kernel AIO context",
  category: "EXTRA",
  subject: "KERNEL",
  since: "3.19",
  impact: "no process that uses kernel AIO (libaio, as many databases do) can be restored",
  kconfig: ["CONFIG_AIO"],
  modules: [],
  rights: TRACING,
  mend: "boot Linux 3.19 or newer built with CONFIG_AIO=y",
  references: ["man:io_setup(2)", "linux:fs/aio.c aio_ring_mremap", "criu:check_aio_remap"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["ENOSYS", "EINVAL"],
  run({ sys, host, subject }) {
    const context = sys.memory.alloc(8);
    const event = sys.memory.alloc(RING.event);
    const now = sys.memory.alloc(16); // struct timespec
    using child = subject();
    const setup = child.sys.look(`io_setup(${EVENTS})`, EVENTS, context);
    if (setup < 0) {
      const error = new SysError(`io_setup(${EVENTS})`, -setup);
      const full = error.code === "EAGAIN" ? exhausted(host) : undefined;
      if (!full) throw error;
      return blocked(error.message, {
        cause: "SYSCTL",
        why: `${full.used} of the ${full.max} AIO requests that sysctl fs.aio-max-nr allows are taken`,
        text: "raise it",
        command: `sysctl -w fs.aio-max-nr=${Math.max(65536, 2 * full.used)}`,
      });
    }
    const word = (bytes: Uint8Array, at: number) => new DataView(bytes.buffer).getUint32(at, true);
    const ring = Number(new DataView(child.read(context, 8).buffer).getBigUint64(0, true));
    const header = child.read(ring, RING.header);
    if (word(header, RING.magic) !== AIO_RING_MAGIC) return inconclusive("io_setup answers no address of an AIO ring");
    const size = Math.ceil((RING.header + word(header, RING.nr) * RING.event) / sys.page) * sys.page;
    const place = child.sys.mmap(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    child.sys.ask("mremap(AIO ring, MREMAP_FIXED)", ring, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    const events = child.sys.ask("io_getevents(moved AIO ring, 0)", place, 0, 1, event, now);
    return events === 0 ? supported() : inconclusive(`io_getevents tells ${events} events where none can be`);
  },
});
