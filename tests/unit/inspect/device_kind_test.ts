import assert from "node:assert/strict";
import { deviceKind, terminalDriver } from "../../../inspect/device_kind.ts";
import { fileKey, isExternal, ttyKey } from "../../../inspect/external.ts";
import { PLAIN_PLAN } from "../../../inspect/plan.ts";
import type { Statx } from "../../../proc/statx.ts";

for (
  const [number, kind] of [
    ["1:3", "NAMED"],
    ["1:11", "NAMED"],
    ["10:235", "NAMED"],
    ["10:200", "TUN"],
    ["10:229", "UNSUPPORTED"],
    ["10:232", "UNSUPPORTED"],
    ["5:0", "TERMINAL"],
    ["5:3", "UNSUPPORTED"],
    ["4:0", "UNSUPPORTED"],
    ["4:1", "TERMINAL"],
    ["4:63", "TERMINAL"],
    ["4:64", "UNSUPPORTED"],
    ["2:0", "UNSUPPORTED"],
    ["128:0", "TERMINAL"],
    ["136:70", "TERMINAL"],
    ["137:0", "UNSUPPORTED"],
    ["188:0", "TERMINAL"],
    ["204:64", "TERMINAL"],
    ["226:128", "UNSUPPORTED"],
  ] as const
) {
  Deno.test(`device ${number} is ${kind}`, () => {
    const [major, minor] = number.split(":").map(Number);
    assert.equal(deviceKind(major!, minor!), kind);
  });
}

Deno.test("terminals have criu's names", () => {
  assert.deepEqual([[5, 0], [5, 1], [5, 2], [136, 3], [135, 3]].map(([a, b]) => terminalDriver(a!, b!)), [
    "ctty",
    "console",
    "ptmx",
    "pts",
    "ptmx",
  ]);
});

Deno.test("keys are hexadecimal, as criu looks them up", () => {
  const stat = { ino: 0xdeadbeef01n, major: 0, minor: 0x18, rdevMajor: 136, rdevMinor: 300 } as unknown as Statx;
  assert.equal(fileKey(255, stat), "file[ff:deadbeef01]");
  assert.equal(fileKey(null, stat), "file[ffffffff:deadbeef01]");
  assert.equal(ttyKey(stat), "tty[10882c:18]");
  const plan = { ...PLAIN_PLAN, options: [{ name: "external", value: "file[ff:1]", from: "command line" }] };
  assert.equal(isExternal(plan, "file[ff:1]"), true);
  assert.equal(isExternal(plan, "file[ff:12]"), false);
});
