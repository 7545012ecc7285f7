import assert from "node:assert/strict";
import fc from "fast-check";
import { Ajv2020 } from "ajv/dist/2020.js";
import { REPORT, reportSchema } from "../../fleet/document.ts";
import { readReport, REPORT_BYTES, ReportError } from "../../fleet/read.ts";
import { MACHINE } from "./machine_report.ts";

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const schema = new Ajv2020({ strict: false, validateFormats: false }).compile(reportSchema());

Deno.test("a report is read as it was written", () => {
  assert.deepEqual(readReport("r", bytes(MACHINE)), MACHINE);
  assert(schema(MACHINE), JSON.stringify(schema.errors));
});

Deno.test("fields that a later cready adds are passed over, and so is what only looks like one", () => {
  const text = JSON.stringify(MACHINE).replace(
    "{",
    '{"__proto__": {"polluted": true}, "constructor": 1, "later": [1],',
  );
  const report = readReport("r", bytes(text));
  assert.deepEqual(report, MACHINE);
  assert.equal((report as unknown as Record<string, unknown>).polluted, undefined);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

const { cpu: _cpu, ...withoutCpu } = MACHINE;
const BAD: readonly (readonly [what: string, file: Uint8Array, sentence: RegExp])[] = [
  ["nothing", bytes(""), /^r is no report: it is no whole JSON document$/],
  ["a truncated report", bytes(JSON.stringify(MACHINE).slice(0, -20)), /no whole JSON document/],
  ["bytes that are no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), /no whole JSON document/],
  ["another document", bytes({ verdict: "GOOD" }), /is no report of cready: schemaVersion is not there/],
  ["a list", bytes([]), /the document is not an object/],
  [
    "a later version",
    bytes({ ...MACHINE, schemaVersion: 7 }),
    /has schema version 7; this cready reads version 1: update it/,
  ],
  ["a version that is none", bytes({ ...MACHINE, schemaVersion: "1" }), /schemaVersion is not 1/],
  ["a missing part", bytes(withoutCpu), /cpu is not there/],
  ["a word that is none", bytes({ ...MACHINE, lsm: { active: [], criu: "TOMOYO" } }), /lsm\.criu is not one of NO_LSM/],
  ["a long text", bytes({ ...MACHINE, machine: "x".repeat(5000) }), /machine is not shorter than 4096 characters/],
  [
    "10 MB of text",
    bytes({ ...MACHINE, machine: "x".repeat(10_000_000) }),
    new RegExp(`larger than any report \\(${REPORT_BYTES} bytes\\)`),
  ],
  ["a long list", bytes({ ...MACHINE, engines: Array(5000).fill(null) }), /engines is not shorter than 4096 entries/],
  [
    "deep nesting",
    bytes(`{"schemaVersion":1,"tool":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`),
    /tool is not a text/,
  ],
  [
    "a negative size",
    bytes({ ...MACHINE, cpu: { ...MACHINE.cpu, xsaveSize: -1 } }),
    /cpu\.xsaveSize is not a whole number/,
  ],
  [
    "a processor with too few words",
    bytes({ ...MACHINE, cpu: { ...MACHINE.cpu, capabilityWords: [] } }),
    /cpu\.capabilityWords is not 19 words long/,
  ],
];
for (const [what, file, sentence] of BAD) {
  Deno.test(`${what} is refused in one sentence`, () => {
    assert.throws(() => readReport("r", file), (error) => {
      assert(error instanceof ReportError, String(error));
      assert.match(error.message, sentence);
      assert.doesNotMatch(error.message, /\n/);
      assert(error.message.length < 300, error.message);
      return true;
    });
  });
}

Deno.test("any bytes, and any JSON, are a report or refused", () => {
  const refused = (file: Uint8Array) => {
    try {
      readReport("r", file);
    } catch (error) {
      assert(error instanceof ReportError, String(error));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), refused));
  fc.assert(fc.property(fc.json(), (text) => refused(bytes(text))));
});

Deno.test("what the schema refuses, the reader refuses, and the other way round", () => {
  const paths = leaves(MACHINE);
  const values = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean(), fc.constant([]), fc.constant({}));
  fc.assert(
    fc.property(fc.constantFrom(...paths), values, (path, value) => {
      const changed = structuredClone(MACHINE) as unknown as Record<string, unknown>;
      let at = changed;
      for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
      at[path.at(-1)!] = value;
      let read = true;
      try {
        REPORT.read(changed, "");
      } catch {
        read = false;
      }
      assert.equal(schema(changed), read, `${path.join(".")} = ${JSON.stringify(value)}`);
    }),
    { numRuns: 500 },
  );
});

/** The paths of all values of a document, objects too. */
function leaves(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  const here = path.length > 0 ? [path] : [];
  if (typeof value !== "object" || value === null) return here;
  return [...here, ...Object.entries(value).slice(0, 20).flatMap(([name, one]) => leaves(one, [...path, name]))];
}
