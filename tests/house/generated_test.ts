import assert from "node:assert/strict";
import { generated } from "../../scripts/generate.ts";

for (const [path, text] of generated()) {
  Deno.test(`${path} is what scripts/generate.ts writes`, () => {
    assert.equal(Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url)), text);
  });
}
