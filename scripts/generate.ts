/**
 * Writes everything in this repository that is made from the records and the schema; with `--check` it writes
 * nothing and fails when a file is not what it would write.
 *
 *     ./scripts/deno run --allow-all scripts/generate.ts [--check]
 */
import { buildSchema, parse } from "graphql";
import { SDL_FILES } from "../schema/sdl.ts";
import { PROBES } from "../probes/registry.ts";
import { differencesDoc } from "./generate/differences.ts";
import { featuresDoc } from "./generate/features.ts";
import { elementSchemaOf, jsonSchemaOf } from "./generate/json_schema.ts";
import { rulesDoc, rulesJson, whyDoc } from "./generate/rules.ts";
import { RULES } from "../rules/registry.ts";
import { CRIU_VERSION } from "../version.ts";
import { ENGINE_CAUSES } from "../why/engines.ts";
import { ERRNO_CAUSES, GENERAL_CAUSES } from "../why/general.ts";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
const id = (name: string) => `urn:cready:schema:${name}:1`;

/** Every generated file by its path, as it must be. */
export function generated(): Map<string, string> {
  const schema = buildSchema(SDL_FILES.map((name) => read(`schema/${name}.graphql`)).join("\n"));
  const check = jsonSchemaOf(schema, parse(read("schema/check.graphql")), id("check"), "cready check --json");
  const features = jsonSchemaOf(
    schema,
    parse(read("schema/features.graphql")),
    id("features"),
    "cready check --feature NAME,… --json",
  );
  return new Map([
    ["schema/json/check.json", json(check)],
    ["schema/json/features.json", json(features)],
    [
      "schema/json/finding.json",
      json(elementSchemaOf(check, "findings", id("finding"), "one line of cready check --ndjson")),
    ],
    ["docs/features.md", featuresDoc(PROBES)],
    ["docs/inspect.md", rulesDoc(RULES)],
    ["docs/rules.json", rulesJson(RULES, CRIU_VERSION)],
    ["docs/why.md", whyDoc([...GENERAL_CAUSES, ...ERRNO_CAUSES], ENGINE_CAUSES)],
    ["docs/differences.md", differencesDoc(PROBES, read("docs/differences.json"))],
  ]);
}

if (import.meta.main) {
  const check = Deno.args.includes("--check");
  let stale = 0;
  for (const [path, text] of generated()) {
    let now = "";
    try {
      now = read(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    if (now === text) continue;
    stale++;
    console.error(check ? `${path} is not what scripts/generate.ts would write` : `wrote ${path}`);
    if (!check) Deno.writeTextFileSync(new URL(path, root), text);
  }
  if (check && stale > 0) Deno.exit(1);
}
