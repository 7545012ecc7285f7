import { criuSays, type ReportFinding, type RunResult } from "../kernels.d/results.ts";
import { CRIU_NAMES } from "../../probes/names.ts";
import { PROBES } from "../../probes/registry.ts";

const MARKS: Readonly<Record<string, string>> = { SUPPORTED: "+", UNSUPPORTED: "–", BLOCKED: "b", INCONCLUSIVE: "?" };
/** The variants of the first table; the second one has what each of the others changes. */
const MAIN = ["full", "bare"];

/** The line that names the packages a table was made with: another Debian has others, and may answer otherwise. */
export function madeWith(runs: readonly RunResult[]): string {
  const releases = [...new Set(runs.map(({ release }) => release))].sort();
  return `Made with ${releases.join(", ")}; criu ${runs.find(({ criu }) => criu)?.criu?.version}.`;
}

/** docs/kernels.md: what cready and the real criu say on real kernels; made by tests/kernels from its runs. */
export function kernelsDoc(runs: readonly RunResult[]): string {
  const main = runs.filter(({ kernel, variant }) => MAIN.includes(variant) || kernel === "poor" && variant === "auto");
  const rest = runs.filter((run) => !main.includes(run));
  return [
    "<!-- Made by tests/kernels from its runs: CREADY_WRITE_DOCS=1 ./scripts/test kernels -->",
    "# Answers on real kernels",
    "",
    "Debian's kernels in qemu, as root with all capabilities: `full` has the modules loaded, in `bare` none can be",
    "loaded. `poor` is compiled from Debian's linux-source-6.1 with nearly everything off that CRIU needs. The first",
    "mark is cready's (`+` supported, `–` unsupported, `b` blocked, `?` inconclusive), the second criu 4.2's `--feature`",
    "(`+`, `–`; `x`: it ended before any check; none: it has no name for it).",
    "",
    madeWith(runs),
    "",
    cells(["check", ...main.map(({ kernel, variant }) => `${kernel} ${variant}`)]),
    cells(["---", ...main.map(() => ":-:")]),
    ...PROBES.map(({ id, criuName }) => cells([criuName ?? id, ...main.map((run) => marks(run, id, criuName))])),
    "",
    "## One cause each",
    "",
    "What is not supported here, beside what the same kernel lacks with all modules on disk (`auto`).",
    "",
    cells(["kernel", "variant", "not supported, and why"]),
    cells(["---", "---", "---"]),
    ...rest.filter(({ variant }) => variant !== "auto").map((run) =>
      cells([run.kernel, run.variant, changes(run, runs)])
    ),
    "",
    `${CRIU_NAMES.length} of the checks have a name in criu; the comparison of both is a test, its exceptions are the rows`,
    "of [differences.md](differences.md).",
    "",
  ].join("\n");
}

function findingOf(run: RunResult, id: string): ReportFinding | undefined {
  return [...(run.named ?? []), ...(run.all?.findings ?? [])].find(({ feature }) => feature.id === id);
}

function marks(run: RunResult, id: string, criuName: string | null): string {
  const ours = MARKS[findingOf(run, id)?.verdict ?? ""] ?? " ";
  if (criuName === null) return ours;
  if (!run.criu || run.criu.died) return `${ours}x`;
  const says = criuSays(run.criu, criuName);
  return `${ours}${says === null ? "" : says ? "+" : "–"}`;
}

function changes(run: RunResult, runs: readonly RunResult[]): string {
  const plain = runs.find(({ kernel, variant }) => kernel === run.kernel && variant === "auto");
  const changed = PROBES.flatMap(({ id }) => {
    const finding = findingOf(run, id);
    if (!finding || finding.verdict === "SUPPORTED") return [];
    if (plain && findingOf(plain, id)?.verdict === finding.verdict) return [];
    return [
      `\`${id}\` ${finding.verdict} (${
        (finding.remedies[0]?.why ?? finding.reason ?? "").replaceAll(run.release, "RELEASE")
      })`,
    ];
  });
  return changed.join("; ") || "nothing changes";
}

function cells(texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
}
