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
    table(main),
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

/** How the part of docs/kernels.md begins that another suite makes. */
const ARM_PART = "\n## arm64\n";

/** That part, as it is written. */
export function armPart(text: string): string {
  const from = text.indexOf(ARM_PART);
  return from < 0 ? "" : text.slice(from);
}

/** The page with that part made anew. */
export function withArmPart(text: string, part: string): string {
  return text.slice(0, text.length - armPart(text).length) + part;
}

/** The part of docs/kernels.md on arm64; made by tests/arm64 from its runs. */
export function armKernelsDoc(runs: readonly RunResult[]): string {
  return [
    ARM_PART,
    "The same on Debian's arm64 kernels, emulated, with the arm64 criu; `16k` has pages of 16 KiB. Made by tests/arm64:",
    "`CREADY_WRITE_DOCS=1 ./scripts/test arm64`. No arm64 kernel here has mem_dirty_track;",
    "can_map_vdso and compat_cr are of x86 by design.",
    "",
    madeWith(runs),
    "",
    table(runs),
    "",
  ].join("\n");
}

function table(runs: readonly RunResult[]): string {
  return [
    cells(["check", ...runs.map(({ kernel, variant }) => `${kernel} ${variant}`)]),
    cells(["---", ...runs.map(() => ":-:")]),
    ...PROBES.map(({ id, criuName }) => cells([criuName ?? id, ...runs.map((run) => marks(run, id, criuName))])),
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
