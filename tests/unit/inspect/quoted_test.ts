import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeBytes } from "../../../ffi/bytes.ts";
import { quoted, shellWord } from "../../../inspect/quoted.ts";

Deno.test("quoted shows what a terminal would obey, and bytes that are no UTF-8", () => {
  assert.equal(quoted("a\x1b[31m\nb\u202ec"), "a\\x1b[31m\\x0ab\\u202ec");
  assert.equal(quoted(decodeBytes(Uint8Array.of(0x61, 0xff, 0xc3, 0xa9))), "a\\xffé");
});

Deno.test("quoted leaves no control byte and no lone surrogate of any name", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    const text = quoted(decodeBytes(bytes));
    assert(text.isWellFormed());
    // deno-lint-ignore no-control-regex -- control bytes are what is looked for
    assert(!/[\x00-\x1f\x7f-\x9f]/.test(text));
  }));
});

Deno.test("shellWord quotes what a shell would change", () => {
  assert.equal(shellWord("tcp-close"), "tcp-close");
  assert.equal(shellWord("mnt[/a b]:k"), "'mnt[/a b]:k'");
  assert.equal(shellWord("it's"), "'it'\\''s'");
  assert.equal(shellWord(""), "''");
});
