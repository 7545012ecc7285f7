import { compatIdOf } from "../fleet/document.ts";
import type { FleetRecord } from "./fleet.ts";
import type { Outcome } from "./outcome.ts";

/** Where Kubernetes lets everybody put features: a sub-domain of NFD's own. */
export const NFD_NAMESPACE = "cready.feature.node.kubernetes.io";
/** NFD passes over files that are larger, as a whole. */
export const NFD_LIMIT = 65536;

const READY: Readonly<Record<Outcome, string>> = { GOOD: "true", MAYBE: "partly", BAD: "false", UNKNOWN: "unknown" };

/**
 * A file for the features.d folder of Node Feature Discovery: few labels, and all else as features that rules can match
 * (`# +no-label`). All of it expires at `until`, so that a node on which cready stopped loses its labels.
 */
export function nfdFile({ report, outcome }: FleetRecord, until: Date): string {
  const { cpu, armCpu, criu, cgroups, kernel } = report;
  const labels: readonly (readonly [name: string, value: string | number | null])[] = [
    ["ready", READY[outcome]],
    ["criu.version", criu?.version ?? null],
    ["cpu.compat-id", compatIdOf(report)],
    ["cpu.level", cpu ? `x86-64-v${cpu.level}` : null],
    ["cpu.xsave-size", cpu?.xsaveSize ?? null],
    ["cpu.sve-vector-length", armCpu?.sveDefaultVectorLength ?? null],
  ];
  const features: readonly (readonly [name: string, value: string])[] = [
    ...kernel.findings.map(({ id, verdict }) => [`feature.${id}`, verdict.toLowerCase()] as const),
    ...((cpu ?? armCpu)?.instructions ?? []).map((name) => [`instruction.${name}`, "true"] as const),
    ...(criu?.plugins ?? []).map((name) => [`plugin.${name}`, "true"] as const),
    ["cgroup", cgroups.version.toLowerCase()],
    ["lsm", report.lsm.criu.toLowerCase().replaceAll("_", "-")],
  ];
  return [
    `# Made by ${report.tool} at ${report.madeAt}; not to be edited.`,
    `# +expiry-time=${until.toISOString()}`,
    ...labels.flatMap(([name, value]) => value === null ? [] : [line(name, String(value))]),
    ...features.flatMap(([name, value]) => ["# +no-label", line(name, value)]),
    "",
  ].join("\n");
}

/** Names and values of labels are of a few characters only, 63 at most, with a letter or digit at both ends. */
function line(name: string, value: string): string {
  return `${NFD_NAMESPACE}/${fitting(name)}=${fitting(value)}`;
}

function fitting(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, 63).replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}
