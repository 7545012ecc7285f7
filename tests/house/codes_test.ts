import assert from "node:assert/strict";

const root = new URL("../../", import.meta.url);

/** The sources of a folder, its own folders too. */
function* sources(folder: URL): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.isDirectory) yield* sources(new URL(`${entry.name}/`, folder));
    else if (entry.name.endsWith(".ts") && !entry.name.includes("assets")) {
      yield Deno.readTextFileSync(new URL(entry.name, folder));
    }
  }
}

Deno.test("docs/serve.md names every code that an answer of serve may have", () => {
  const text = [...sources(new URL("server/", root)), ...sources(new URL("resolvers/", root))].join("\n");
  const codes = new Set([...text.matchAll(/"([A-Z]{3,}(?:_[A-Z0-9]+)+)"/g)].map(([, code]) => code!));
  assert.ok(codes.size > 20);
  const doc = Deno.readTextFileSync(new URL("docs/serve.md", root));
  assert.deepEqual([...codes].filter((code) => !doc.includes(`\`${code}\``)), []);
});
