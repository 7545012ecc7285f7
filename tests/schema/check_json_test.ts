import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { validateSchema } from "graphql";
import { featureNamed } from "../../probes/registry.ts";
import type { Finding } from "../../probes/probe.ts";
import { checkJson, featuresJson, findingJson } from "../../report/json.ts";
import type { CheckReport } from "../../report/report.ts";
import { findingOf } from "../unit/finding.ts";
import { executed, FakeAsk, schemaFile, testSchema } from "./schema.ts";

const FINDINGS: readonly Finding[] = [
  findingOf("SUPPORTED", "REQUIRED"),
  findingOf("UNSUPPORTED", "EXTRA", { criuDiffers: { version: "4.2", verdict: "SUPPORTED", why: "it does not look" } }),
  findingOf("BLOCKED", null),
  findingOf("INCONCLUSIVE", "OPTIONAL", { reason: 'a "quoted" \n reason', evidence: [] }),
];

const REPORT: CheckReport = {
  scope: "ALL",
  outcome: "MAYBE",
  sentence: "two\nlines",
  host: {
    kernel: "6.18.0",
    architecture: "x86_64",
    privilege: {
      uid: 0,
      capabilities: ["CAP_KILL"],
      seccompFilters: null,
      initialUserNamespace: true,
      container: null,
    },
  },
  findings: FINDINGS,
  durationMs: 12.5,
};

/** A validator of a published JSON Schema. */
function validator(name: string) {
  const ajv = new Ajv2020({ strict: true, validateFormats: false });
  return ajv.compile(JSON.parse(schemaFile(`json/${name}.json`)));
}

Deno.test("the schema is valid", () => {
  assert.deepEqual(validateSchema(testSchema()), []);
});

Deno.test("checkJson gives the bytes of data.check of the executed document", async () => {
  const data = await executed("check.graphql", { scope: "ALL" }, new FakeAsk([], REPORT));
  assert.equal(JSON.stringify(checkJson(REPORT)), JSON.stringify(data.check));
});

Deno.test("featuresJson gives the bytes of data.features of the executed document", async () => {
  const findings = ["tun", "kcmp_epoll", "nsid", "loginuid"].map((id, i) => ({
    ...FINDINGS[i]!,
    feature: featureNamed(id)!,
  }));
  const names = findings.map(({ feature }) => feature.criuName ?? feature.id);
  const data = await executed("features.graphql", { names }, new FakeAsk(findings, REPORT));
  assert.equal(JSON.stringify(featuresJson(findings)), JSON.stringify(data.features));
});

Deno.test("what is printed fits the published JSON Schemas", () => {
  const check = validator("check"), features = validator("features"), finding = validator("finding");
  assert(check(checkJson(REPORT)), JSON.stringify(check.errors));
  assert(features(featuresJson(FINDINGS)), JSON.stringify(features.errors));
  for (const one of FINDINGS) assert(finding(findingJson(one)), JSON.stringify(finding.errors));
});

Deno.test("the published JSON Schemas refuse what is not printed", () => {
  const check = validator("check");
  const document = checkJson(REPORT) as Record<string, unknown>;
  assert(!check({ ...document, outcome: "FINE" }));
  assert(!check({ ...document, more: 1 }));
  assert(!check({ ...document, sentence: null }));
});
