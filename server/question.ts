import type { Evidence } from "../ffi/sys.ts";
import type { MachineReport } from "../fleet/document.ts";
import type { InstalledCriu } from "../host/criu.ts";
import { featureNamed } from "../probes/registry.ts";
import type { CriuAnswer, Finding, Remedy, Verdict } from "../probes/probe.ts";
import type { Scope } from "../probes/scope.ts";
import type { PackedInspection } from "../report/packed_inspection.ts";
import type { ProcessFault } from "../report/process_error.ts";
import type { PageAsked, PlanAsked, ProcessRef } from "../report/process_request.ts";
import type { TreeRecord } from "../report/processes.ts";
import type { HostFacts } from "../resolvers/models.ts";

/** All that the prober answers; each question is one line of JSON, and so is each answer. */
export type Question =
  | { readonly ask: "host" }
  /** `named` as with --feature. */
  | { readonly ask: "findings"; readonly ids: readonly string[]; readonly named: boolean }
  | { readonly ask: "surroundings" }
  | { readonly ask: "report" }
  | { readonly ask: "criu" }
  | { readonly ask: "cpu" }
  | ProcessQuestion;

/** Questions about processes. */
export type ProcessQuestion =
  | { readonly ask: "process"; readonly ref: ProcessRef }
  | { readonly ask: "processes"; readonly page: PageAsked }
  /** Of the process with an id. */
  | { readonly ask: "tree"; readonly id: string }
  /** With at most so many obstacles. */
  | { readonly ask: "inspection"; readonly id: string; readonly plan: PlanAsked; readonly most: number };

/** Answers to a question, of which the last one is `done`. */
export type Answer =
  | { readonly host: HostFacts; readonly scopes: Readonly<Record<Scope, readonly string[]>> }
  | { readonly finding: FindingRecord }
  | { readonly surroundings: string }
  | { readonly criu: InstalledCriu | null }
  | { readonly cpuCompatId: string | null }
  | ProcessAnswer
  /** There is no answer about a process, and why. */
  | { readonly refused: { readonly code: ProcessFault; readonly message: string } }
  /** A report comes along, so nobody shall give it up. */
  | { readonly found: true }
  | { readonly report: MachineReport; readonly durationMs: number }
  | { readonly done: true };

/** Answers about processes. */
export type ProcessAnswer =
  | { readonly process: TreeRecord["process"] | null }
  | { readonly processes: readonly TreeRecord["process"][] }
  | { readonly tree: readonly TreeRecord[] }
  | { readonly inspection: PackedInspection };

/** A finding on its way: the feature by its id. */
export interface FindingRecord {
  readonly id: string;
  readonly verdict: Verdict;
  readonly reason: string | null;
  readonly evidence: readonly Evidence[];
  readonly remedies: readonly Remedy[];
  readonly criuDiffers: CriuAnswer | null;
  readonly probedAt: string;
  readonly durationMs: number;
}

/** A finding without what both sides know. */
export function recordOf(finding: Finding): FindingRecord {
  const { feature, verdict, reason, evidence, remedies, criuDiffers, probedAt, durationMs } = finding;
  return { id: feature.id, verdict, reason, evidence, remedies, criuDiffers, probedAt, durationMs };
}

/** The finding again. */
export function findingOf({ id, ...answer }: FindingRecord): Finding {
  const feature = featureNamed(id);
  if (!feature) throw new TypeError(`Cannot use an answer about ${id}: there is no such feature`);
  return { feature, ...answer };
}
