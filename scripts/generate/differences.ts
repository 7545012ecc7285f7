import type { Feature } from "../../probes/probe.ts";

/** One difference of the command line, as docs/differences.json lists it. */
interface WordDifference {
  readonly what: string;
  readonly criu: string;
  readonly cready: string;
  readonly why: string;
}

/** A wrong answer of criu's made to be seen, as docs/reproducers/reproducers.json lists it. */
interface Reproducer {
  /** As `criu check --feature` calls it, or its id. */
  readonly feature: string;
  /** Which of its faults, from 0. */
  readonly fault: number;
  readonly note: string | null;
  /** What is typed and what is seen, for those that tests run on whatever kernel they run on. */
  readonly steps?: readonly { readonly run: string; readonly shows: readonly string[] }[];
  /** Exit codes that the commands may have. */
  readonly codes?: string;
  /** For the others: what it takes, and what was seen there. */
  readonly elsewhere?: { readonly on: string; readonly seen: readonly string[] };
}

/** docs/differences.md: every place where cready knowingly answers otherwise than criu 4.2. */
export function differencesDoc(features: readonly Feature[], words: string, reproducers: string): string {
  const shown = JSON.parse(reproducers) as Reproducer[];
  const rows = features.flatMap((feature) =>
    feature.criuFaults.map((fault) =>
      cells([
        `\`${feature.criuName ?? feature.id}\``,
        fault.when.join(", ") + (fault.onlyInCategory ? " (in its category)" : ""),
        fault.says,
        fault.why,
        `${fault.reproduce} ([reproducer](#${feature.criuName ?? feature.id}))`,
      ])
    )
  );
  const others = (JSON.parse(words) as WordDifference[]).map((one) => cells([one.what, one.criu, one.cready, one.why]));
  return [
    "<!-- Made by scripts/generate.ts from the records in probes/ and docs/differences.json; edit those. -->",
    "# Where cready differs from criu 4.2",
    "",
    "cready follows `criu check` in words, streams, exit codes and verdicts, except for the rows of these two tables.",
    "A run that meets a row of the first one says what criu would say.",
    "",
    "## Verdicts",
    "",
    'BLOCKED and criu\'s "no" are the same answer: criu has no word for it.',
    "",
    cells(["check", "cready says", "criu says", "why", "how to see it"]),
    cells(["---", "---", "---", "---", "---"]),
    ...rows,
    "",
    "## Command line and output",
    "",
    cells(["what", "criu 4.2", "cready", "why"]),
    cells(["---", "---", "---", "---"]),
    ...others,
    "",
    "## Reproducers",
    "",
    "The commands are run as tests, from the root of the source tree, as root with all capabilities in the initial user",
    "namespace, with `criu` and `cready` in PATH; `…` is any text. They were written on Linux 6.18, x86_64, with criu 4.2.1.",
    "criu keeps its answers in /run/criu.kdat: remove it before each try, or mount a tmpfs on /run.",
    "",
    ...features.flatMap((feature) => reproducersOf(feature, shown)),
  ].join("\n");
}

function reproducersOf({ criuName, id, criuFaults }: Feature, shown: readonly Reproducer[]): string[] {
  const name = criuName ?? id;
  const lines = criuFaults.flatMap((fault, at) => {
    const one = shown.find((candidate) => candidate.feature === name && candidate.fault === at);
    if (!one) throw new Error(`docs/reproducers/reproducers.json has nothing for fault ${at} of ${name}`);
    return [`criu says ${fault.says}: ${fault.why}.`, "", ...reproducerLines(one)];
  });
  return lines.length === 0 ? [] : [`### ${name}`, "", ...lines];
}

function reproducerLines({ note, steps, codes = "0,1", elsewhere }: Reproducer): string[] {
  return [
    ...(note === null ? [] : [note, ""]),
    ...(steps
      ? ["```console exit=" + codes, ...steps.flatMap(({ run, shows }) => [`$ ${run}`, ...shows]), "```", ""]
      : []),
    ...(elsewhere ? [`${elsewhere.on}:`, "", "```text", ...elsewhere.seen, "```", ""] : []),
  ];
}

function cells(texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
}
