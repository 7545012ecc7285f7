/** docs/rules.json, and the rules that guides name. */
import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { RULES } from "../../rules/registry.ts";
import { ROOT } from "../cli/binary.ts";
import { documents } from "./documents.ts";

const read = (path: string) => Deno.readTextFileSync(`${ROOT}/${path}`);

Deno.test("docs/rules.json is as docs/rules.schema.json describes it", () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
    JSON.parse(read("docs/rules.schema.json")),
  );
  const fits = (document: unknown): boolean => validate(document);
  const document = JSON.parse(read("docs/rules.json"));
  assert(fits(document), JSON.stringify(validate.errors));
  assert.equal(document.rules.length, RULES.length);
  delete document.rules[0].effect;
  assert(!fits(document), "a rule without an effect is taken");
});

Deno.test("every rule that a document links to is one", () => {
  const known = new Set<string>(RULES.map(({ id }) => id));
  const named = documents().flatMap((path) =>
    [...read(path).matchAll(/\[`([a-z0-9-]+)`\]\([./]*inspect\.md\)/g)].map(([, id]) => ({ path, id: id! }))
  );
  assert(named.length > 3);
  assert.deepEqual(named.filter(({ id }) => !known.has(id)), []);
});
