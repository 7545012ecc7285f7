import assert from "node:assert/strict";
import { generated } from "../../scripts/generate.ts";

for (const [path, text] of generated()) {
  Deno.test(`${path} is what scripts/generate.ts writes`, () => {
    assert.equal(Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url)), text);
  });
}

Deno.test("what says that scripts/generate.ts made it, and every JSON Schema, is made by it", () => {
  const root = new URL("../../", import.meta.url).pathname;
  const made = generated();
  const said = ["docs", "schema", "schema/json", "packaging/man"].flatMap((folder) =>
    [...Deno.readDirSync(`${root}${folder}`)].filter(({ isFile }) => isFile).map(({ name }) => `${folder}/${name}`)
  ).filter((path) =>
    path.startsWith("schema/json/") ||
    /(Made|Generated|written) by scripts\/generate\.ts/.test(Deno.readTextFileSync(`${root}${path}`).slice(0, 500))
  );
  assert(said.length > 30, said.join(" "));
  assert.deepEqual(said.filter((path) => !made.has(path)), []);
});
