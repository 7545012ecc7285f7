import assert from "node:assert/strict";
import fc from "fast-check";
import { ProcParseError } from "../../proc/error.ts";
import { parseLimits } from "../../proc/limits.ts";

const TEXT = `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max open files            1024                 1048576              files     
Max locked memory         8388608              8388608              bytes     
Max address space         unlimited            unlimited            bytes     
`;

Deno.test("parseLimits reads soft limits", () => {
  assert.deepEqual(parseLimits(TEXT), { openFiles: 1024, addressSpace: Infinity });
  const small = TEXT.replace("space         unlimited", "space         4096     ").replace(" 1024 ", " 3    ");
  assert.deepEqual(parseLimits(small), { openFiles: 3, addressSpace: 4096 });
});

Deno.test("parseLimits refuses what has another form, and nothing else happens", () => {
  assert.throws(() => parseLimits(""), ProcParseError);
  assert.throws(() => parseLimits(TEXT.replace("1024", "many")), ProcParseError);
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      parseLimits(text);
    } catch (error) {
      assert.ok(error instanceof ProcParseError);
    }
  }));
});
