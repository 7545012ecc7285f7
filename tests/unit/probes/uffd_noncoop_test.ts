import assert from "node:assert/strict";
import type { FakeMachine, Reply } from "../fake_libc.ts";
import { FILTERED_STATUS, NOBODY_STATUS, ROOT_STATUS } from "../fake_libc.ts";
import uffd_noncoop from "../../../probes/uffd_noncoop.ts";
import { probeCases, probeOn } from "../probe_case.ts";

/** What the kernel lists when no feature is asked for, and what it answers when some are. */
function machine(
  features: number,
  switched: number | string = 0,
  status = ROOT_STATUS,
  userfaultfd: Reply = 1000,
): FakeMachine {
  return {
    files: { "/proc/self/status": status },
    calls: {
      userfaultfd,
      ioctl({ args, memory }) {
        const asked = memory.u64(args[2]! + 8);
        if (asked !== 0n) return asked === 0x4en ? switched : "EINVAL";
        memory.setU64(args[2]! + 8, features);
        return 0;
      },
    },
  };
}
const WITHOUT = "Uid:\t0\t0\t0\t0\nCapEff:\t000001fffff7ffff\nSeccomp:\t0\n";

probeCases(uffd_noncoop, [
  ["all four events can be switched on", machine(0x1ffff), "SUPPORTED"],
  ["the kernel has none", machine(0), "UNSUPPORTED", /EVENT_FORK, EVENT_REMAP, EVENT_REMOVE, EVENT_UNMAP/],
  ["a filter made an answer up", machine(0, 0, FILTERED_STATUS), "INCONCLUSIVE", /EVENT_FORK/],
  ["the kernel has three", machine(0x0e), "UNSUPPORTED", /without EVENT_UNMAP$/],
  ["there is no such call", machine(0, 0, ROOT_STATUS, "ENOSYS"), "UNSUPPORTED", /ENOSYS/],
  ["the fork event takes a capability", machine(0x1ffff, "EPERM", WITHOUT), "BLOCKED", /EVENT_FORK.*EPERM/],
  ["the call takes a capability", machine(0, 0, NOBODY_STATUS, "EPERM"), "BLOCKED", /EPERM/],
  ["it is refused without a cause", machine(0x1ffff, "EPERM"), "INCONCLUSIVE", /EPERM/],
  ["another errno comes", machine(0x1ffff, "EINVAL"), "INCONCLUSIVE", /EINVAL/],
  ["no descriptor is free", machine(0, 0, ROOT_STATUS, "EMFILE"), "INCONCLUSIVE", /EMFILE/],
]);

Deno.test("uffd_noncoop says that criu only looks at the features listed", () => {
  assert.equal(probeOn(uffd_noncoop, machine(0x1ffff, "EPERM", WITHOUT)).criuDiffers?.verdict, "SUPPORTED");
  assert.equal(probeOn(uffd_noncoop, machine(0, 0, WITHOUT, "EPERM")).criuDiffers, null);
});
