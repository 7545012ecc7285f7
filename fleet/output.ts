import type { Comparison } from "./compare.ts";
import { CPU_MODES, type CpuMode } from "./compare_cpu.ts";
import type { Matrix } from "./matrix.ts";
import { exactly, type Infer, list, nullable, oneOf, record, text } from "./shape.ts";

/** Goes up as that of a report does. */
export const COMPARE_VERSION = 1;

const VERDICT = oneOf("GOOD", "RISK", "UNKNOWN", "BLOCKED");

/** `cready compare --json`. */
export const COMPARE = record({
  schemaVersion: exactly(COMPARE_VERSION),
  source: text(),
  target: text(),
  cpuMode: oneOf(...CPU_MODES),
  verdict: VERDICT,
  items: list(record({
    id: text(),
    source: nullable(text()),
    target: nullable(text()),
    severity: oneOf("blocks", "risk", "advisory", "same", "unknown"),
    reason: text(),
    remedy: nullable(text()),
  })),
}, { verdict: "The worst of the items, in the order blocks, unknown, risk; exit codes 1, 4, 3, and 0 for GOOD" });

/** `cready compare --matrix --json`. */
export const MATRIX = record({
  schemaVersion: exactly(COMPARE_VERSION),
  cpuMode: oneOf(...CPU_MODES),
  groups: list(record({ compatId: nullable(text()), machines: list(text()) })),
  classes: list(record({ compatId: nullable(text()), machines: list(text()) })),
  verdicts: list(list(VERDICT)),
}, {
  groups: "Machines by compat-id, the largest group first",
  classes: "Machines that get the same verdict beside every other machine",
  verdicts: "verdicts[source][target], by the places of the classes",
});

/** The document of one comparison. */
export function compareDocument(
  source: string,
  target: string,
  cpuMode: CpuMode,
  { verdict, items }: Comparison,
): Infer<typeof COMPARE> {
  return { schemaVersion: COMPARE_VERSION, source, target, cpuMode, verdict, items };
}

/** The document of a matrix. */
export function matrixDocument(cpuMode: CpuMode, { groups, classes, verdicts }: Matrix): Infer<typeof MATRIX> {
  return { schemaVersion: COMPARE_VERSION, cpuMode, groups, classes, verdicts };
}

/** The published JSON Schemas, by their names. */
export function outputSchemas(): Record<string, Record<string, unknown>> {
  const named = (name: string, title: string, schema: Readonly<Record<string, unknown>>) => ({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:cready:schema:${name}:${COMPARE_VERSION}`,
    title,
    ...schema,
  });
  return {
    compare: named("compare", "cready compare --json", COMPARE.schema),
    matrix: named("matrix", "cready compare --matrix --json", MATRIX.schema),
  };
}
