import { AT_FDCWD, O_CLOEXEC, O_RDONLY, O_WRONLY } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported, unsupported } from "./probe.ts";
import { TRACING } from "./rights.ts";

/** Written to clear_refs: clear the soft-dirty bits (proc_pid_clear_refs(5)). */
const SOFT_DIRTY = "4";
/** Bits 63 and 62 of a pagemap entry: the page is in memory or swapped (proc_pid_pagemap(5)). */
const THERE = 0b11n << 62n;

export default defineProbe({
  id: "mem_dirty_track",
  criuName: "mem_dirty_track",
  title: "tracking of changed memory by soft-dirty bits",
  category: "EXTRA",
  subject: "KERNEL",
  since: "3.11",
  impact: "pre-dumps, incremental dumps and iterative live migration are impossible: changed pages cannot be found",
  kconfig: ["CONFIG_MEM_SOFT_DIRTY", "CONFIG_PROC_PAGE_MONITOR"],
  modules: [],
  rights: [{ writable: "/proc/self/clear_refs" }, ...TRACING],
  mend: "boot a kernel built with CONFIG_MEM_SOFT_DIRTY=y",
  references: [
    "man:proc_pid_clear_refs(5)",
    "man:proc_pid_pagemap(5)",
    "linux:Documentation/admin-guide/mm/soft-dirty.rst",
    "criu:kerndat_get_dirty_track",
  ],
  autoloads: [],
  notOn: {
    aarch64: {
      why: "the kernel of kernel.org has no soft-dirty bits on aarch64",
      text:
        "dump without pre-dumps (criu pre-dump, --track-mem), which only make the time shorter that a tree stands still",
    },
  },
  criuFaults: [],
  absentOn: ["ENOENT", "EINVAL"],
  run({ sys, subject }) {
    const { memory } = sys;
    const page = memory.alloc(sys.page, sys.page);
    const entry = memory.alloc(8);
    const names = ["clear_refs", "pagemap"].map((name) => memory.cstring(`/proc/self/${name}`)) as [number, number];
    const four = memory.cstring(SOFT_DIRTY);
    // All of it by the child: it clears its own bits, and /proc/self is right whatever pid namespace /proc shows.
    using child = subject();
    const open = (text: string, path: number, flags: number) =>
      child.sys.ask(`openat(${text})`, AT_FDCWD, path, flags | O_CLOEXEC, 0);
    const write = () => child.sys.call("gettimeofday", page, 0);
    const pagemap = open("/proc/self/pagemap", names[1], O_RDONLY);
    const softDirty = () => {
      child.sys.call("pread64", pagemap, entry, 8, page / sys.page * 8);
      const bits = new DataView(child.read(entry, 8).buffer).getBigUint64(0, true);
      return (bits & THERE) === 0n ? null : Number(bits >> 55n & 1n);
    };
    write();
    const clearRefs = open("/proc/self/clear_refs", names[0], O_WRONLY);
    child.sys.ask(`write(/proc/self/clear_refs, ${SOFT_DIRTY})`, clearRefs, four, SOFT_DIRTY.length);
    const cleared = softDirty();
    write();
    const written = softDirty();
    if (cleared === null || written === null) return inconclusive("the page asked for is not in memory");
    sys.note("read(/proc/self/pagemap)", `soft-dirty bit ${cleared} after clear_refs, ${written} after a write`);
    if (written === 0) return unsupported("read(/proc/self/pagemap): the soft-dirty bit of a page written to is 0");
    if (cleared === 1) {
      return inconclusive("read(/proc/self/pagemap): the soft-dirty bit of a page not written to is 1");
    }
    return supported();
  },
});
