import { O_PATH } from "../../../ffi/uapi.ts";
import assert from "node:assert/strict";
import openat2 from "../../../probes/openat2.ts";
import { type Call, FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases, probeOn } from "../probe_case.ts";

/** As the kernel looks at struct open_how. */
const valid = ({ args: [, , how, size], memory }: Call) =>
  size === 24 && memory.u64(how! + 8) === 0n && memory.u64(how! + 16) === 1n ? 1000 : "EINVAL";
const filtered = (type: string) => ({
  "/proc/self/status": FILTERED_STATUS,
  "/proc/kallsyms": `0000000000000000 ${type} __x64_sys_openat2\n`,
});

probeCases(openat2, [
  ["it opens a folder", { calls: { openat2: valid, fcntl: O_PATH } }, "SUPPORTED"],
  ["it makes up a descriptor", { calls: { openat2: 0 } }, "INCONCLUSIVE", /did not open/],
  ["it is not there", { calls: { openat2: "ENOSYS" } }, "UNSUPPORTED", /openat2\(.*\): ENOSYS/],
  ["a valid call is refused", { calls: { openat2: "EINVAL" } }, "INCONCLUSIVE", /EINVAL/],
  ["it is refused without a cause", { calls: { openat2: "EPERM" } }, "INCONCLUSIVE", /EPERM/],
  ["no descriptor is left", { calls: { openat2: "EMFILE" } }, "INCONCLUSIVE", /EMFILE/],
  ["a filter refuses it", { calls: { openat2: "EPERM" }, files: filtered("T") }, "BLOCKED", /seccomp/],
  ["a filter hides it", { calls: { openat2: "ENOSYS" }, files: filtered("T") }, "BLOCKED", /seccomp/],
  ["a filter is there, the call is not", { calls: { openat2: "ENOSYS" }, files: filtered("W") }, "UNSUPPORTED"],
]);

Deno.test("openat2 says that criu takes EPERM for a yes, but not ENOSYS", () => {
  const differs = (errno: string) => probeOn(openat2, { calls: { openat2: errno }, files: filtered("T") }).criuDiffers;
  assert.equal(differs("EPERM")?.verdict, "SUPPORTED");
  assert.equal(differs("ENOSYS"), null);
});
