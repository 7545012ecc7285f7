import assert from "node:assert/strict";
import { filled } from "../../../inspect/format.ts";
import { RULES } from "../../../rules/registry.ts";

const CASES:
  readonly (readonly [format: string, values: readonly (string | number | bigint)[], text: string | null])[] = [
    ["Can't make VM id for %d", [7], "Can't make VM id for 7"],
    ["dev %#x root %s", [2097154, "/a"], "dev 0x200002 root /a"],
    ["mprotect(%08lx, %ld)", [0x7f00, 4096], "mprotect(00007f00, 4096)"],
    ["%016lx-%016lx", [1n, 2n], "0000000000000001-0000000000000002"],
    ["type [%o] (%s %s)", [0o600, "a", "b"], "type [600] (a b)"],
    ["state %c, err %d/%d", ["S", -1, 10], "state S, err -1/10"],
    ["100%% of %u", [3], "100% of 3"],
    ["%#08x", [0x801], "0x000801"],
    ["nothing", [], "nothing"],
    ["%d and %d", [1], null],
    ["ends in %", [1], null],
  ];

for (const [format, values, text] of CASES) {
  Deno.test(`filled makes ${text} of ${format}`, () => assert.equal(filled(format, values), text));
}

Deno.test("filled knows every conversion of criu's messages", () => {
  for (const { messages } of RULES) {
    for (const { text } of messages) {
      const whole = filled(text, Array(20).fill(1));
      if (whole !== null) assert(!/%[^%]/.test(whole.replace(/%%/g, "")), text);
    }
  }
});
