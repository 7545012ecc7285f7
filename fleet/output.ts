import type { Comparison } from "./compare.ts";
import { CPU_MODES, type CpuMode } from "./compare_cpu.ts";
import type { Matrix } from "./matrix.ts";
import type { Origin } from "../images/origin.ts";
import { exactly, type Infer, list, nullable, number, oneOf, record, text } from "./shape.ts";

/** Goes up as that of a report does. */
export const COMPARE_VERSION = 1;

const VERDICT = oneOf("GOOD", "RISK", "UNKNOWN", "BLOCKED");

const ITEMS = list(record({
  id: text(),
  source: nullable(text()),
  target: nullable(text()),
  severity: oneOf("blocks", "risk", "advisory", "same", "unknown"),
  reason: text(),
  remedy: nullable(text()),
}));

/** `cready compare --json`. */
export const COMPARE = record({
  schemaVersion: exactly(COMPARE_VERSION),
  source: text(),
  target: text(),
  cpuMode: oneOf(...CPU_MODES),
  verdict: VERDICT,
  items: ITEMS,
}, { verdict: "The worst of the items, in the order blocks, unknown, risk; exit codes 1, 4, 3, and 0 for GOOD" });

/** `cready compare --images --json`. */
export const RESTORE = record({
  schemaVersion: exactly(COMPARE_VERSION),
  images: text(),
  cpuMode: oneOf(...CPU_MODES),
  processes: number(),
  root: text(),
  madeBy: nullable(record({
    runtime: nullable(text()),
    image: nullable(text()),
    container: nullable(text()),
    checkpointedAt: nullable(text()),
    criuVersion: nullable(text()),
    kernel: nullable(text()),
    architecture: nullable(text()),
  })),
  verdict: VERDICT,
  command: nullable(text()),
  items: ITEMS,
}, {
  root: "The name of the first process of the tree",
  madeBy: "What a container engine wrote beside the images; null for a bare folder of images",
  command: "The restore that was judged; null for an archive, which its engine restores",
});

/** What was found of a dump. */
export interface DumpJudgement {
  readonly images: string;
  readonly processes: number;
  readonly root: string;
  readonly madeBy: Origin | null;
  readonly command: string | null;
  readonly comparison: Comparison;
}

/** The document of one dump. */
export function restoreDocument(cpuMode: CpuMode, { comparison, ...rest }: DumpJudgement): Infer<typeof RESTORE> {
  const { images, processes, root, madeBy, command } = rest;
  const { verdict, items } = comparison;
  return { schemaVersion: COMPARE_VERSION, images, cpuMode, processes, root, madeBy, verdict, command, items };
}

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
    restore: named("restore", "cready compare --images --json", RESTORE.schema),
    matrix: named("matrix", "cready compare --matrix --json", MATRIX.schema),
  };
}
