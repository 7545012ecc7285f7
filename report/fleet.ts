import type { MachineReport } from "../fleet/document.ts";
import { PROBES } from "../probes/registry.ts";
import { conclude, type Outcome } from "./outcome.ts";

/** What the outputs for fleets are made of: one report, and what making it took. */
export interface FleetRecord {
  readonly report: MachineReport;
  readonly outcome: Outcome;
  readonly durationMs: number;
}

/** Joins a report to the outcome of `cready check --all`. */
export function fleetRecord(report: MachineReport, durationMs: number): FleetRecord {
  const features = new Map(PROBES.map((probe) => [probe.id, probe]));
  const findings = report.kernel.findings.map(({ id, category, verdict }) => ({
    feature: features.get(id) ?? { category },
    verdict,
  }));
  return { report, outcome: conclude(findings, report.architecture).outcome, durationMs };
}
