import assert from "node:assert/strict";
import type { CategoryName, Verdict } from "../../probes/probe.ts";
import { conclude } from "../../report/outcome.ts";
import { findingOf } from "./finding.ts";

const MAYBE = "Looks good but some kernel features are missing\nwhich, depending on your process tree, may cause\n" +
  "dump or restore failure.";
const UNTOLD = "Looks good but some kernel features could not be probed here.";
const BAD = "Does not look good.";

type Row = readonly [CategoryName | null, Verdict];
const CASES: readonly (readonly [rows: readonly Row[], sentence: string, stream: string, code: number])[] = [
  [[], "Looks good.", "stdout", 0],
  [[["REQUIRED", "SUPPORTED"], ["EXTRA", "SUPPORTED"], ["EXPERIMENTAL", "SUPPORTED"]], "Looks good.", "stdout", 0],
  [[["REQUIRED", "UNSUPPORTED"], ["EXTRA", "SUPPORTED"]], BAD, "log", 1],
  [[["REQUIRED", "BLOCKED"]], BAD, "log", 1],
  [[["REQUIRED", "INCONCLUSIVE"], ["REQUIRED", "UNSUPPORTED"]], BAD, "log", 1],
  [
    [["REQUIRED", "INCONCLUSIVE"], ["EXTRA", "UNSUPPORTED"]],
    "Cannot tell: 1 required kernel feature could not be probed here.",
    "stdout",
    1,
  ],
  [
    [["REQUIRED", "INCONCLUSIVE"], ["REQUIRED", "INCONCLUSIVE"]],
    "Cannot tell: 2 required kernel features could not be probed here.",
    "stdout",
    1,
  ],
  [[["EXTRA", "UNSUPPORTED"], ["EXTRA", "INCONCLUSIVE"]], MAYBE, "stdout", 1],
  [[["EXTRA", "BLOCKED"]], MAYBE, "stdout", 1],
  [[["EXPERIMENTAL", "UNSUPPORTED"]], MAYBE, "stdout", 1],
  [[["EXPERIMENTAL", "INCONCLUSIVE"]], UNTOLD, "stdout", 1],
  [[["EXTRA", "INCONCLUSIVE"]], UNTOLD, "stdout", 1],
  [[["OPTIONAL", "UNSUPPORTED"], ["OPTIONAL", "INCONCLUSIVE"], ["OPTIONAL", "BLOCKED"]], "Looks good.", "stdout", 0],
  [[[null, "UNSUPPORTED"]], "Looks good.", "stdout", 0],
];

Deno.test("what is missing on an architecture by design does not count there, and anything else does", () => {
  const finding = findingOf("UNSUPPORTED");
  const feature = {
    ...finding.feature,
    notOn: { aarch64: { why: "it is of x86 only", text: "nothing has to be done" } },
  };
  const sentence = (verdict: Verdict, architecture: string) =>
    conclude([{ ...finding, feature, verdict }], architecture).sentence;
  assert.equal(sentence("UNSUPPORTED", "aarch64"), "Looks good.");
  assert.equal(sentence("UNSUPPORTED", "x86_64"), MAYBE);
  assert.equal(sentence("BLOCKED", "aarch64"), MAYBE);
  assert.equal(sentence("INCONCLUSIVE", "aarch64"), UNTOLD);
  const required = { ...feature, category: "REQUIRED" } as const;
  assert.equal(conclude([{ feature: required, verdict: "UNSUPPORTED" }], "aarch64").sentence, BAD);
});

for (const [rows, sentence, stream, exitCode] of CASES) {
  Deno.test(`conclude says ${JSON.stringify(sentence.slice(0, 30))} of ${rows.map((row) => row.join(" ")).join(", ")}`, () => {
    const conclusion = conclude(rows.map(([category, verdict]) => findingOf(verdict, category)), "x86_64");
    assert.deepEqual([conclusion.sentence, conclusion.stream, conclusion.exitCode], [sentence, stream, exitCode]);
  });
}
