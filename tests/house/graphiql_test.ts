import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { inputsOfGraphiql } from "../../scripts/graphiql/inputs.ts";
import { INPUTS, SCRIPT, STYLE } from "../../server/graphiql_assets.ts";

Deno.test("server/graphiql_assets.ts was made from what scripts/graphiql is now", async () => {
  assert.equal(INPUTS, await inputsOfGraphiql(), "run scripts/graphiql/build");
});

Deno.test("GraphiQL's script and style are whole, and the style loads nothing", () => {
  const script = gunzipSync(atobBytes(SCRIPT)).toString(), style = gunzipSync(atobBytes(STYLE)).toString();
  assert.ok(script.includes("GraphiQL") && script.length > 500_000);
  assert.ok(!/url\((?!["']?data:)|@import/.test(style));
});

function atobBytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
