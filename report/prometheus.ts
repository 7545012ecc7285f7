import { compatIdOf } from "../fleet/document.ts";
import type { Verdict } from "../probes/probe.ts";
import type { FleetRecord } from "./fleet.ts";
import type { Outcome } from "./outcome.ts";

/** One gauge, and its series: labels and value. */
interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly series: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

const OUTCOMES: readonly Outcome[] = ["GOOD", "MAYBE", "BAD", "UNKNOWN"];

/** The gauges about one machine. Nothing in them names a process. */
function gauges({ report, outcome, durationMs }: FleetRecord): Gauge[] {
  const { cpu, armCpu, criu, kernel, cgroups, lsm } = report;
  const count = (verdict: Verdict) => kernel.findings.filter((one) => one.verdict === verdict).length;
  const feature = ({ id, category }: typeof kernel.findings[number]) => ({ feature: id, category: category ?? "" });
  return [
    {
      name: "cready_info",
      help: "The cready that looked at this machine; always 1.",
      series: [[{ version: report.tool.replace(/^cready /, "") }, 1]],
    },
    {
      name: "cready_host_info",
      help: "The machine; always 1. Dumps of one cpu_compat_id run on each other, as far as the processor decides.",
      series: [[{
        kernel: kernel.release,
        architecture: report.architecture,
        cpu_compat_id: compatIdOf(report) ?? "",
        cpu_level: cpu ? String(cpu.level) : "",
        cgroup_version: cgroups.version,
        lsm: lsm.criu,
      }, 1]],
    },
    {
      name: "cready_criu_info",
      help: "The criu in PATH; always 1, and absent where there is none.",
      series: criu ? [[{ version: criu.version ?? "", path: criu.path }, 1]] : [],
    },
    {
      name: "cready_outcome",
      help: "1 for what cready check --all comes to, 0 for the others.",
      series: OUTCOMES.map((one) => [{ outcome: one }, one === outcome ? 1 : 0] as const),
    },
    {
      name: "cready_feature_supported",
      help: "1 where CRIU gets the feature here, 0 where not; absent where it could not be told.",
      series: kernel.findings.filter(({ verdict }) => verdict !== "INCONCLUSIVE")
        .map((finding) => [feature(finding), finding.verdict === "SUPPORTED" ? 1 : 0] as const),
    },
    {
      name: "cready_feature_undecided",
      help: "1 for a feature of which it could not be told.",
      series: kernel.findings.filter(({ verdict }) => verdict === "INCONCLUSIVE").map((finding) =>
        [feature(finding), 1] as const
      ),
    },
    {
      name: "cready_checks",
      help: "How many checks came to each verdict.",
      series: (["SUPPORTED", "UNSUPPORTED", "BLOCKED", "INCONCLUSIVE"] as const).map((verdict) =>
        [{ verdict }, count(verdict)] as const
      ),
    },
    {
      name: "cready_cpu_instruction_info",
      help: "An instruction set that programs may use here; always 1.",
      series: ((cpu ?? armCpu)?.instructions ?? []).map((instruction) => [{ instruction }, 1] as const),
    },
    {
      name: "cready_cpu_xsave_size_bytes",
      help: "The xsave area of a task.",
      series: cpu?.xsaveSize ? [[{}, cpu.xsaveSize]] : [],
    },
    {
      name: "cready_check_duration_seconds",
      help: "How long it took to look.",
      series: [[{}, Math.round(durationMs * 1000) / 1e6]],
    },
    {
      name: "cready_last_check_timestamp_seconds",
      help: "When it was looked, in seconds since 1970.",
      series: [[{}, Math.round(Date.parse(report.madeAt) / 1000)]],
    },
  ];
}

/** The classic text format 0.0.4, as node_exporter's textfile collector and scrapers take it; without times of its own. */
export function prometheusText(record: FleetRecord): string {
  return gauges(record).filter(({ series }) => series.length > 0).map(({ name, help, series }) =>
    `# HELP ${name} ${help}\n# TYPE ${name} gauge\n` +
    series.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`).join("")
  ).join("");
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) =>
    `${name}="${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')}"`
  );
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}
