import assert from "node:assert/strict";
import clone3_set_tid from "../../../probes/clone3_set_tid.ts";
import { type Call, FILTERED_STATUS, NOBODY_STATUS, ROOT_OF_NOTHING } from "../fake_libc.ts";
import { probeCases, probeOn } from "../probe_case.ts";

const OWN_PID = 4000;
/** As the kernel: a pid in use, after the rights. */
const inUse = ({ args: [at, size], memory }: Call) =>
  size === 80 && memory.u64(at! + 72) === 1n && memory.i32(Number(memory.u64(at! + 64))) === OWN_PID
    ? "EEXIST"
    : "EINVAL";
const filtered = (type: string) => ({
  "/proc/self/status": FILTERED_STATUS,
  "/proc/kallsyms": `0000000000000000 ${type} __x64_sys_clone3\n`,
});

probeCases(clone3_set_tid, [
  ["a pid in use is refused as such", { calls: { clone3: inUse } }, "SUPPORTED"],
  ["there is no clone3", { calls: { clone3: "ENOSYS" } }, "UNSUPPORTED", /clone3\(.*\): ENOSYS/],
  ["clone3 knows no set_tid", { calls: { clone3: "E2BIG" } }, "UNSUPPORTED", /E2BIG/],
  ["another errno comes", { calls: { clone3: "EINVAL" } }, "INCONCLUSIVE", /EINVAL/],
  ["a task is made all the same", { calls: { clone3: 77 } }, "INCONCLUSIVE", /answers 77/],
  [
    "a filter says yes without a task",
    { calls: { clone3: 0, exit_group: () => assert.fail("this process must go on") } },
    "INCONCLUSIVE",
    /answers 0/,
  ],
  ["no memory is left", { calls: { clone3: "ENOMEM" } }, "INCONCLUSIVE", /ENOMEM/],
  [
    "the capability is missing",
    { calls: { clone3: "EPERM" }, files: { "/proc/self/status": NOBODY_STATUS } },
    "BLOCKED",
    /EPERM/,
  ],
  ["a filter hides it", { calls: { clone3: "ENOSYS" }, files: filtered("T") }, "BLOCKED", /seccomp/],
  ["a filter is there, the call is not", { calls: { clone3: "ENOSYS" }, files: filtered("W") }, "UNSUPPORTED"],
]);

Deno.test("clone3_set_tid says that criu differs where a capability is missing, not under a filter", () => {
  const { calls } = ROOT_OF_NOTHING;
  assert.equal(
    probeOn(clone3_set_tid, { ...ROOT_OF_NOTHING, calls: { ...calls, clone3: "EPERM" } }).criuDiffers?.verdict,
    "SUPPORTED",
  );
  assert.equal(probeOn(clone3_set_tid, { calls: { clone3: "ENOSYS" }, files: filtered("T") }).criuDiffers, null);
});
