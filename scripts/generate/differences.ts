import type { Feature } from "../../probes/probe.ts";

/** One difference of the command line, as docs/differences.json lists it. */
interface WordDifference {
  readonly what: string;
  readonly criu: string;
  readonly cready: string;
  readonly why: string;
}

/** docs/differences.md: every place where cready knowingly answers otherwise than criu 4.2. */
export function differencesDoc(features: readonly Feature[], words: string): string {
  const rows = features.flatMap((feature) =>
    feature.criuFaults.map((fault) =>
      cells([
        `\`${feature.criuName ?? feature.id}\``,
        fault.when.join(", ") + (fault.onlyInCategory ? " (in its category)" : ""),
        fault.says,
        fault.why,
        fault.reproduce,
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
  ].join("\n");
}

function cells(texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
}
