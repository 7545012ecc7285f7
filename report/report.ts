import type { Privilege } from "../host/privilege.ts";
import { privilegeOf } from "../host/privilege.ts";
import type { Host } from "../host/host.ts";
import type { Finding } from "../probes/probe.ts";
import type { Scope } from "../probes/scope.ts";
import { conclude, type Outcome } from "./outcome.ts";

/** What `cready check` says (schema/report.graphql). */
export interface CheckReport {
  readonly scope: Scope;
  readonly outcome: Outcome;
  readonly sentence: string;
  readonly host: { readonly kernel: string; readonly architecture: string; readonly privilege: Privilege };
  readonly findings: readonly Finding[];
  /** Milliseconds, all probes together. */
  readonly durationMs: number;
}

/** The machine, and the rights with which it was asked. */
export function hostFacts(host: Host): CheckReport["host"] {
  return { kernel: host.release, architecture: host.architecture, privilege: privilegeOf(host) };
}

/** Joins findings to a report. */
export function reportOf(scope: Scope, findings: readonly Finding[], host: Host): CheckReport {
  return reportFrom(scope, findings, hostFacts(host));
}

/** As `reportOf`, where the facts of the host came from elsewhere. */
export function reportFrom(scope: Scope, findings: readonly Finding[], host: CheckReport["host"]): CheckReport {
  const { outcome, sentence } = conclude(findings, host.architecture);
  return {
    scope,
    outcome,
    sentence,
    host,
    findings,
    durationMs: Math.round(findings.reduce((sum, finding) => sum + finding.durationMs, 0) * 1000) / 1000,
  };
}
