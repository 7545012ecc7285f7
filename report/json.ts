import type { Finding } from "../probes/probe.ts";
import type { CheckReport } from "./report.ts";

/** `data.check` of schema/check.graphql, without GraphQL: the same fields in the same order. */
export function checkJson(report: CheckReport): unknown {
  const { scope, outcome, sentence, host, findings, durationMs } = report;
  const { uid, capabilities, seccompFilters, initialUserNamespace, container } = host.privilege;
  return {
    scope,
    outcome,
    sentence,
    host: {
      kernel: host.kernel,
      architecture: host.architecture,
      privilege: { uid, capabilities, seccompFilters, initialUserNamespace, container },
    },
    findings: findings.map((finding) => ({ feature: featureJson(finding), ...answerJson(finding) })),
    durationMs,
  };
}

/** One element of `data.check.findings`: a line of `--ndjson`. */
export function findingJson(finding: Finding): unknown {
  return { feature: featureJson(finding), ...answerJson(finding) };
}

/** `data.features` of schema/features.graphql. */
export function featuresJson(findings: readonly Finding[]): unknown {
  return findings.map((finding) => ({ ...featureJson(finding), finding: answerJson(finding) }));
}

function featureJson({ feature: { id, criuName, category } }: Finding) {
  return { id, criuName, category: category === null ? null : { name: category } };
}

function answerJson({ verdict, reason, evidence, remedies, criuDiffers, durationMs }: Finding) {
  return {
    verdict,
    reason,
    evidence: evidence.map(({ call, answer, errno }) => ({ call, answer, errno })),
    remedies: remedies.map(({ cause, why, text, command }) => ({ cause, why, text, command })),
    criuDiffers: criuDiffers && { version: criuDiffers.version, verdict: criuDiffers.verdict, why: criuDiffers.why },
    durationMs,
  };
}
