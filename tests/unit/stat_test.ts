import assert from "node:assert/strict";
import fc from "fast-check";
import { parseStat } from "../../proc/stat.ts";

Deno.test("a name may hold blanks and parentheses", () => {
  assert.deepEqual(parseStat("12 (a) (b ) S 1 -1\n"), ["12", "a) (b ", "S", "1", "-1"]);
  assert.deepEqual(parseStat("12 (x)"), ["12", "x"]);
  assert.deepEqual(parseStat("nothing"), []);
  assert.deepEqual(parseStat(") ("), []);
});

Deno.test("any name comes back", () => {
  fc.assert(fc.property(fc.string({ maxLength: 16 }), (name) => {
    assert.deepEqual(parseStat(`1 (${name}) S 2\n`), ["1", name, "S", "2"]);
  }));
});

Deno.test("any text gives fields or none", () => {
  fc.assert(fc.property(fc.string(), (text) => parseStat(text).length >= 0));
});
