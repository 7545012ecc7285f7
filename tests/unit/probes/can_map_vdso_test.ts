import assert from "node:assert/strict";
import can_map_vdso from "../../../probes/can_map_vdso.ts";
import { FILTERED_STATUS } from "../fake_libc.ts";
import { probeCases, probeOn } from "../probe_case.ts";

probeCases(can_map_vdso, [
  ["there is a vDSO already", { calls: { arch_prctl: "EEXIST" } }, "SUPPORTED"],
  ["one is mapped", { calls: { arch_prctl: 8192 } }, "SUPPORTED"],
  ["one without a size is mapped", { calls: { arch_prctl: 0 } }, "INCONCLUSIVE", /answers 0/],
  ["the code is unknown", { calls: { arch_prctl: "EINVAL" } }, "UNSUPPORTED", /ARCH_MAP_VDSO_32, 0\): EINVAL/],
  ["it is refused without a cause", { calls: { arch_prctl: "EPERM" } }, "INCONCLUSIVE", /EPERM/],
  ["memory is short", { calls: { arch_prctl: "ENOMEM" } }, "INCONCLUSIVE", /ENOMEM/],
  [
    "a filter may have answered",
    { calls: { arch_prctl: "EINVAL" }, files: { "/proc/self/status": FILTERED_STATUS } },
    "INCONCLUSIVE",
    /filter/,
  ],
  ["no child can be made", { clone: "EAGAIN" }, "INCONCLUSIVE", /clone/],
]);

Deno.test("can_map_vdso is UNSUPPORTED on an architecture without arch_prctl", () => {
  const finding = probeOn(can_map_vdso, { arch: "aarch64" });
  assert.equal(finding.verdict, "UNSUPPORTED");
  assert.match(finding.reason ?? "", /aarch64 has no arch_prctl/);
  assert.deepEqual(finding.remedies.map(({ cause }) => cause), ["ARCHITECTURE"]);
});

Deno.test("can_map_vdso says that criu takes a size for a no", () => {
  assert.equal(probeOn(can_map_vdso, { calls: { arch_prctl: 8192 } }).criuDiffers?.verdict, "UNSUPPORTED");
  assert.equal(probeOn(can_map_vdso, { calls: { arch_prctl: "EEXIST" } }).criuDiffers, null);
});
