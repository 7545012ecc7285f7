import type { FakeMachine, Reply } from "../fake_libc.ts";
import mem_dirty_track from "../../../probes/mem_dirty_track.ts";
import { probeCases } from "../probe_case.ts";

const PRESENT = 1n << 63n, SOFT_DIRTY = 1n << 55n;

/** A machine whose pagemap has these entries, in order. */
function pagemap(...entries: bigint[]): FakeMachine {
  let next = 0;
  return {
    files: { "/proc/self/pagemap": "", "/proc/self/clear_refs": "" },
    calls: {
      gettimeofday: 0,
      write: ({ args }) => args[2]!,
      pread64({ args, memory }) {
        memory.setU64(args[1]!, entries[next++]!);
        return 8;
      },
    },
  };
}
const clearing = (write: Reply): FakeMachine => {
  const machine = pagemap(PRESENT, PRESENT | SOFT_DIRTY);
  return { ...machine, calls: { ...machine.calls, write } };
};
const files = (pagemapFile: string | undefined, clearRefs: string | undefined): FakeMachine => ({
  ...pagemap(PRESENT, PRESENT | SOFT_DIRTY),
  files: {
    ...(pagemapFile === undefined ? {} : { "/proc/self/pagemap": pagemapFile }),
    ...(clearRefs === undefined ? {} : { "/proc/self/clear_refs": clearRefs }),
  },
});

probeCases(mem_dirty_track, [
  ["the bit follows the write", pagemap(PRESENT, PRESENT | SOFT_DIRTY), "SUPPORTED"],
  ["the bit is never there", pagemap(PRESENT, PRESENT), "UNSUPPORTED", /written to/],
  ["the bit cannot be cleared", pagemap(PRESENT | SOFT_DIRTY, PRESENT | SOFT_DIRTY), "INCONCLUSIVE", /not written/],
  ["the page is gone", pagemap(PRESENT, 0n), "INCONCLUSIVE", /not in memory/],
  ["the kernel does not know the value", clearing("EINVAL"), "UNSUPPORTED", /clear_refs.*EINVAL/],
  ["there is no clear_refs", files("", undefined), "UNSUPPORTED", /clear_refs.*ENOENT/],
  ["there is no pagemap", files(undefined, ""), "UNSUPPORTED", /pagemap.*ENOENT/],
  [
    "/proc is read-only",
    {
      ...files("", "!EROFS"),
      files: {
        "/proc/self/pagemap": "",
        "/proc/self/clear_refs": "!EROFS",
        "/proc/self/mountinfo": "22 1 0:20 / /proc ro,nosuid - proc proc ro\n",
      },
    },
    "BLOCKED",
    /EROFS/,
  ],
  ["the process is not dumpable", files("", "!EACCES"), "INCONCLUSIVE", /EACCES/],
  ["no descriptor is free", files("!EMFILE", ""), "INCONCLUSIVE", /EMFILE/],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);
