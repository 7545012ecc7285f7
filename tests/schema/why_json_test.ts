import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { json } from "../../cli/why.ts";
import { LogReader } from "../../why/reader.ts";
import { ENGINE_TEXTS } from "../testdata/engine_texts.ts";
import { EXPECTED } from "../testdata/logs.ts";
import { schemaFile } from "./schema.ts";

const ajv = new Ajv2020({ strict: true });
const valid = ajv.compile(JSON.parse(schemaFile("json/why.json")));

function told(bytes: Uint8Array): unknown {
  const reader = new LogReader();
  reader.push(bytes);
  return JSON.parse(json(reader.end()));
}

Deno.test("why --json is what schema/json/why.json says, for every log and text that is known", () => {
  const logs = Object.keys(EXPECTED).map((name) =>
    Deno.readFileSync(new URL(`../testdata/logs/${name}.log`, import.meta.url))
  );
  const texts = ENGINE_TEXTS.map(({ text }) => new TextEncoder().encode(text));
  const unknown = new TextEncoder().encode("(00.1) Error (criu/x.c:1): never seen\n");
  for (const bytes of [...logs, ...texts, unknown, new Uint8Array(0)]) {
    assert.ok(valid(told(bytes)), JSON.stringify(valid.errors));
  }
});

Deno.test("schema/json/why.json refuses what is no such object", () => {
  const whole = told(new Uint8Array(0)) as Record<string, unknown>;
  for (const wrong of [{ ...whole, lines: "1" }, { ...whole, more: 1 }, { ...whole, causes: undefined }]) {
    assert.ok(!valid(JSON.parse(JSON.stringify(wrong))));
  }
});
