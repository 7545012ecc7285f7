import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { buildSchema, type GraphQLEnumType, parse, validate } from "graphql";
import {
  checkDocument,
  childrenDocument,
  featureDocument,
  MACHINE,
  processDocument,
  processesDocument,
  watchDocument,
} from "../../page/documents.ts";
import { DUMP, EFFECTS, ENGINES, RESTORE } from "../../page/process_words.ts";
import { CATEGORIES, CAUSES, OUTCOMES, SCOPES, SUBJECTS, VERDICTS } from "../../page/words.ts";
import { inputsOfPage } from "../../scripts/page/inputs.ts";
import { measure } from "../../server/cost.ts";
import { LIMITS } from "../../server/limits.ts";
import { FILES, INPUTS } from "../../server/page_assets.ts";
import { SDL } from "../../schema/text.ts";

const schema = buildSchema(SDL);
const files = new Map(
  FILES.map(([path, , packed]) => [path, Uint8Array.from(atob(packed), (one) => one.charCodeAt(0))]),
);

Deno.test("server/page_assets.ts was made from what page/ is now", async () => {
  assert.equal(INPUTS, await inputsOfPage(), "run scripts/page/build");
});

Deno.test("the page is at most 60 kB compressed, and names nobody else", () => {
  const size = [...files.values()].reduce((sum, { length }) => sum + length, 0);
  assert.ok(size > 8000 && size <= 60_000, `${size} bytes`);
  for (const [path, packed] of files) {
    const text = gunzipSync(packed).toString().replaceAll(/http:\/\/www\.w3\.org\/[\w/]+/g, "");
    assert.doesNotMatch(text, /https?:\/\/|@import|url\(/, path);
  }
});

Deno.test("the page's documents are of the schema, and name what it shows", () => {
  const scopes = (schema.getType("Scope") as GraphQLEnumType).getValues().map(({ name }) => name);
  assert.deepEqual(Object.keys(SCOPES).sort(), scopes.sort());
  const documents = [
    MACHINE,
    checkDocument("ALL"),
    featureDocument("tun"),
    featureDocument("tun", 0),
    processesDocument(null),
    processesDocument("7@8"),
    processDocument("7", "CRIU"),
    processDocument("7@8", "PODMAN"),
    watchDocument("7", "PODMAN"),
    watchDocument("7@8", "CRIU"),
    childrenDocument("7@8"),
  ];
  for (const text of documents) {
    assert.deepEqual(validate(schema, parse(text)), [], text);
    const { depth, cost } = measure(parse(text), schema);
    assert.ok(depth <= LIMITS.depth.value && cost <= LIMITS.cost.value, `${depth} deep, costs ${cost}: ${text}`);
  }
});

Deno.test("the page has a word for each name of the schema", () => {
  for (
    const [name, words] of Object.entries({
      Verdict: VERDICTS,
      Outcome: OUTCOMES,
      CategoryName: CATEGORIES,
      Cause: CAUSES,
      Subject: SUBJECTS,
      DumpVerdict: DUMP,
      RestoreVerdict: RESTORE,
      ObstacleEffect: EFFECTS,
      Engine: ENGINES,
    })
  ) {
    const values = (schema.getType(name) as GraphQLEnumType).getValues().map((one) => one.name);
    assert.deepEqual(Object.keys(words).sort(), values.sort(), name);
  }
});
