import assert from "node:assert/strict";
import fc from "fast-check";
import { findSymbol } from "../../host/kallsyms.ts";
import { isOlder, versionOf } from "../../host/release.ts";
import { capabilityNames, holds } from "../../host/capability.ts";
import { parseMaps } from "../../proc/maps.ts";
import { parseStatus } from "../../proc/status.ts";

Deno.test("parseStatus reads uids, capabilities and seccomp of a real file", () => {
  const text = Deno.readTextFileSync("/proc/self/status");
  const status = parseStatus(text);
  assert.equal(status.uids.length, 4);
  assert.equal(status.uids[0], Deno.uid());
  assert.equal(typeof status.seccompMode, "number");
});

Deno.test("parseStatus takes what is missing for its weakest value", () => {
  assert.deepEqual(parseStatus("CapEff:\tnonsense\nUid:\tx\n"), {
    uids: [],
    effective: 0n,
    seccompMode: null,
    seccompFilters: null,
    noNewPrivs: null,
  });
});

Deno.test("parseMaps reads every line of a real file", () => {
  const text = Deno.readTextFileSync("/proc/self/maps");
  const maps = parseMaps(text);
  assert.equal(maps.length, text.trimEnd().split("\n").length);
  assert(maps.some(({ path }) => path === "[stack]"));
  for (const { start, end } of maps) assert(end > start);
});

Deno.test("parseMaps keeps blanks in names and passes over nonsense", () => {
  const line = "7f00-8f00 rw-s 00000000 00:01 18446744073709551615                  /a b (deleted)";
  assert.deepEqual(parseMaps(`${line}\nnonsense\n`), [{
    start: 0x7f00,
    end: 0x8f00,
    permissions: "rw-s",
    offset: 0,
    device: "00:01",
    inode: "18446744073709551615",
    path: "/a b (deleted)",
  }]);
});

const KALLSYMS = "0000000000000000 T __x64_sys_kcmp\n0000000000000000 W __x64_sys_uselib\n" +
  "0000000000000000 t __x64_sys_kcmp_more\n0000000000000000 t in_module\t[tun]\n0000000000000000 D data\n0 T __x64_sys_la";

for (
  const [name, type] of [
    ["__x64_sys_kcmp", "built-in"],
    ["__x64_sys_uselib", "weak"],
    ["__x64_sys_kcm", "absent"],
    ["in_module", "built-in"],
    ["data", "absent"],
    ["nothing", "absent"],
  ] as const
) {
  Deno.test(`findSymbol says that ${name} is ${type}`, () => assert.equal(findSymbol(KALLSYMS, name), type));
}

for (
  const [release, version, older] of [
    ["6.1.0-13-amd64", "6.1", false],
    ["5.10.0", "5.9", false],
    ["5.9.1", "5.10", true],
    ["4.19", "5.6", true],
    ["7.0.0-rc1", "6.18", false],
    ["nonsense", "5.6", undefined],
  ] as const
) {
  Deno.test(`isOlder says ${older} of ${release} and ${version}`, () => assert.equal(isOlder(release, version), older));
}

Deno.test("capabilityNames names bits in the kernel's order", () => {
  assert.deepEqual(capabilityNames(1n | 1n << 21n | 1n << 40n), [
    "CAP_CHOWN",
    "CAP_SYS_ADMIN",
    "CAP_CHECKPOINT_RESTORE",
  ]);
  assert(holds(1n << 40n, "CAP_CHECKPOINT_RESTORE"));
  assert(!holds(1n << 39n, "CAP_CHECKPOINT_RESTORE"));
});

Deno.test("no parser of text throws, whatever the text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string(), (text, name) => {
    parseStatus(text);
    parseMaps(text);
    findSymbol(text, name || "x");
    versionOf(text);
  }));
});
