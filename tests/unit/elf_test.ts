import assert from "node:assert/strict";
import fc from "fast-check";
import { neededLibraries } from "../../host/elf.ts";
import { elf } from "./elf.ts";

Deno.test("the libraries that an ELF file needs are those it was made with", () => {
  const names = fc.array(
    fc.string({ minLength: 1, unit: "binary" }).filter((name) => !/[\0\ufeff\ud800-\udfff]/.test(name)),
  );
  fc.assert(fc.property(names, (libraries) => assert.deepEqual(neededLibraries(elf(libraries)), libraries)));
});

Deno.test("no bytes make the ELF parser throw or run on", () => {
  const whole = elf(["libc.so.6", "libnftables.so.1"]);
  const check = (bytes: Uint8Array) => assert.ok(Array.isArray(neededLibraries(bytes) ?? []));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), check));
  fc.assert(fc.property(fc.nat(whole.length), (size) => check(whole.slice(0, size))));
  // Broken in some places: offsets, sizes and counts that lie.
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
  fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 24 }), (changes) => {
    const bytes = whole.slice();
    for (const [at, value] of changes) bytes[at] = value;
    check(bytes);
  }));
});

Deno.test("other classes and byte orders are told apart", () => {
  for (const [at, value] of [[4, 1], [5, 2], [0, 0]] as const) {
    const bytes = elf(["libc.so.6"]);
    bytes[at] = value;
    assert.equal(neededLibraries(bytes), undefined);
  }
});
