/** What the binary really prints on this kernel, against the published JSON Schemas. */
import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { cready } from "../cli/binary.ts";
import { schemaFile } from "./schema.ts";

const ajv = new Ajv2020({ strict: true, validateFormats: false });
const schema = (name: string) => ajv.compile(JSON.parse(schemaFile(`json/${name}.json`)));
const check = schema("check"), features = schema("features"), finding = schema("finding");

/** One with findings of nearly every kind: nobody's are mostly refused. */
const NOBODY = [
  "setpriv",
  "--reuid=65534",
  "--regid=65534",
  "--clear-groups",
  "--bounding-set=-all",
  "--inh-caps=-all",
];

const ROWS: readonly (readonly [words: string, through: readonly string[], validate: ValidateFunction])[] = [
  ["check --json", [], check],
  ["check --all --json", [], check],
  ["check --all --json", NOBODY, check],
  ["check --all --timeout 0 --json", [], check],
  ["check --all --ndjson", NOBODY, finding],
  ["check --feature tun,nftables,link_nsid --json", [], features],
];

for (const [words, through, validate] of ROWS) {
  Deno.test(`${words} ${through.length > 0 ? "of nobody " : ""}fits its JSON Schema`, async () => {
    const { stdout } = await cready(words.split(" "), { through });
    const documents = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert(words.includes("ndjson") ? documents.length > 50 : documents.length === 1);
    for (const one of documents) assert(validate(one), JSON.stringify(validate.errors));
  });
}
