import { SysError, TimeoutError } from "../ffi/errno.ts";
import { readText } from "../ffi/files.ts";
import { DeathError, type Subject } from "../ffi/subject.ts";
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_READ,
  PROT_WRITE,
  PTRACE_O_TRACECLONE,
} from "../ffi/uapi.ts";
import type { Sys } from "../ffi/sys.ts";
import { parseMaps } from "../proc/maps.ts";
import type { Host } from "../host/host.ts";
import { cutHold, holdCall } from "./held_call.ts";
import { type Answer, blocked, defineProbe, inconclusive, type Kernel, supported } from "./probe.ts";
import { TRACING } from "./rights.ts";

const EVENTS = 16;
const SETUP = `io_setup(${EVENTS})`;
const MOVE = "mremap(AIO ring, MREMAP_FIXED)";
const USE = "io_getevents(moved AIO ring, 0)";
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
  run(kernel) {
    return movedWhileHeld(kernel) ? supported() : moved(kernel);
  },
});

/** A child's AIO context whose ring is moved, then used. */
function moved({ sys, host, subject }: Kernel): Answer {
  const context = sys.memory.alloc(8);
  const memory = cut(sys);
  using child = subject();
  const setup = child.sys.look(SETUP, EVENTS, context);
  if (setup < 0) {
    const error = new SysError(SETUP, -setup);
    const full = error.code === "EAGAIN" ? exhausted(host) : undefined;
    if (!full) throw error;
    return blocked(error.message, {
      cause: "SYSCTL",
      why: `${full.used} of the ${full.max} AIO requests that sysctl fs.aio-max-nr allows are taken`,
      text: "raise it",
      command: `sysctl -w fs.aio-max-nr=${Math.max(65536, 2 * full.used)}`,
    });
  }
  const ring = Number(new DataView(child.read(context, 8).buffer).getBigUint64(0, true));
  const size = ringSize(child, ring);
  if (size === 0) return inconclusive("io_setup answers no address of an AIO ring");
  const place = placeFor(child, size);
  child.sys.ask(MOVE, ring, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, place);
  const events = child.sys.ask(USE, place, 0, 1, memory.event, memory.now);
  return events === 0 ? supported() : inconclusive(`io_getevents tells ${events} events where none can be`);
}

/**
 * The same with a context that ends without a wait. The last task of a process with a context waits for two RCU grace
 * periods before it is gone, 15 to 60 ms, and so would cready; io_setup that cannot write its answer takes back the
 * context that it has made, and waits for nothing. It is held before it writes, meanwhile the ring is moved and used,
 * then it is killed. False where this cannot be done, or shows anything but a yes: then it is asked as CRIU does.
 */
function movedWhileHeld({ sys, host, subject }: Kernel): boolean {
  // A filter may kill, or make answers up.
  if (host.filtered) return false;
  const hold = cutHold(sys);
  const memory = cut(sys);
  try {
    using child = subject({ options: PTRACE_O_TRACECLONE });
    using _task = holdCall(child, hold, "io_setup", [EVENTS, hold.page]);
    const ring = parseMaps(readText(sys, `/proc/${child.pid}/maps`), "/[aio]")[0]?.start ?? 0;
    const size = ring === 0 ? 0 : ringSize(child, ring);
    if (size === 0) return false;
    const place = placeFor(child, size);
    const now = child.sys.call("mremap", ring, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    if (now !== place || child.sys.call("io_getevents", place, 0, 1, memory.event, memory.now) !== 0) return false;
    sys.note(`${SETUP}, held while it writes its answer`, "a ring in /proc/CHILD/maps");
    sys.note(MOVE, String(place));
    sys.note(USE, "0");
    return true;
  } catch (error) {
    if (error instanceof SysError || error instanceof TimeoutError || error instanceof DeathError) return false;
    throw error;
  }
}

/** Room for what io_getevents writes and reads. */
function cut({ memory }: Sys): { readonly event: number; readonly now: number } {
  return { event: memory.alloc(RING.event), now: memory.alloc(16 /* struct timespec */) };
}

/** The bytes of the ring at an address, in whole pages; 0 where there is none. */
function ringSize(child: Subject, ring: number): number {
  const header = new DataView(child.read(ring, RING.header).buffer);
  const { page } = child.sys;
  if (header.getUint32(RING.magic, true) !== AIO_RING_MAGIC) return 0;
  return Math.ceil((RING.header + header.getUint32(RING.nr, true) * RING.event) / page) * page;
}

/** Memory of the child that a ring may take the place of. */
function placeFor(child: Subject, size: number): number {
  return child.sys.mmap(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
}
