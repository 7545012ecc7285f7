import type { Difference, Trial } from "../../tests/truth/trial.ts";

const PREDICTED = ["DUMPABLE", "NEEDS_OPTIONS", "BLOCKED", "UNKNOWN"] as const;
const RESTORES = ["EXPECTED", "STATE_LOST", "AT_RISK", "REFUSED", "UNKNOWN"] as const;

/** The differences for those who mend them, one after the other. */
export function differencesText(trials: readonly Trial[]): string {
  const wrong = trials.filter(({ differences }) => differences.length > 0);
  const parts = wrong.map(({ name, about, rules, predicted, dumped, differences }) => {
    const lines = [
      `${name}   [about ${rules.join(" ")}; criu ${
        dumped === null ? "not asked" : dumped ? "dumped it" : "refused it"
      }]`,
      `    ${about}`,
    ];
    for (const { kind, predicted, seen } of differences) {
      lines.push(`    ${kind}`, `        predicted: ${predicted}`, `        seen:      ${seen}`);
    }
    for (const { rule, subject, message } of predicted?.obstacles ?? []) {
      lines.push(`        obstacle: ${rule}, ${subject}${message ? `: ${message}` : ""}`);
    }
    return lines.join("\n");
  });
  const counts = new Map<Difference["kind"], number>();
  for (const { differences } of wrong) {
    for (const { kind } of differences) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const sum = [...counts].sort(([, one], [, other]) => other - one).map(([kind, count]) => `${count} ${kind}`).join(
    ", ",
  );
  return `${trials.length} specimens, ${wrong.length} with a difference: ${sum}\n\n${parts.join("\n\n")}\n`;
}

/** What really became of it: without options, with those predicted, or not at all. */
function seenOf({ dumped, dumpedWithOptions }: Trial): string {
  return dumped ? "dumped" : dumpedWithOptions ? "dumped with the options" : "refused";
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map((_, at) => (at === 0 ? "---" : "--:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** Two tables: dump and restore, predicted against seen. */
function confusion(trials: readonly Trial[]): string[] {
  const seen = ["dumped", "dumped with the options", "refused"];
  const known = trials.filter(({ predicted }) => predicted);
  const dumps = PREDICTED.map((verdict) => [
    verdict,
    ...seen.map((what) => known.filter((one) => one.predicted!.dump === verdict && seenOf(one) === what).length),
  ]);
  const restores = RESTORES.map((verdict) => [
    verdict,
    ...[true, false, null].map((what) =>
      known.filter((one) =>
        one.predicted!.restore === verdict && one.predicted!.dump !== "BLOCKED" && one.restored === what
      ).length
    ),
  ]);
  return [
    table(["dump: predicted", ...seen], dumps),
    "",
    table(["restore: predicted", "came back", "did not", "not tried"], restores),
  ];
}

/** Paths of a run that the next one will not have. */
const plain = (text: string) =>
  text.replaceAll(/\/tmp\/cready-truth-[^/]+\/[^/]+\/cready-specimen-[^/ ]+/g, "FOLDER").replaceAll("\n", " ");
const cell = (text: string) => plain(text).replaceAll("|", "\\|").replaceAll("<", "&lt;");

/** The part of docs/truth.md for one run: a criu, on the machine or in a guest. */
export function truthDoc(trials: readonly Trial[], title: string): string {
  const kinds = [...new Set(trials.map(({ kind }) => kind))];
  const made = trials.filter(({ unmade }) => unmade === null);
  const wrong = made.filter(({ differences }) => differences.length > 0);
  const unmade = trials.filter((one) => one.unmade !== null);
  const rows = kinds.map((kind) => {
    const of = made.filter((one) => one.kind === kind);
    const count = (choose: (one: Trial) => boolean) => of.filter(choose).length;
    return [
      kind.replaceAll("_", " "),
      of.length,
      count(({ sort }) => sort === "near miss"),
      count(({ predicted }) => predicted?.dump === "DUMPABLE"),
      count(({ predicted }) => predicted?.dump === "NEEDS_OPTIONS"),
      count(({ predicted }) => predicted?.dump === "BLOCKED"),
      count(({ predicted }) => predicted?.dump === "UNKNOWN"),
      count(({ differences }) => differences.length > 0),
    ];
  });
  return [
    `## ${title}`,
    "",
    `${made.length} specimens, ${wrong.length} with a difference.`,
    "",
    ...confusion(made),
    "",
    table(["kind", "specimens", "near misses", "dumpable", "with options", "blocked", "unknown", "different"], rows),
    "",
    ...(wrong.length > 0 ? ["Differences:", ""] : []),
    ...wrong.flatMap(({ name, about, differences }) => [
      `- \`${name}\`: ${about}`,
      ...differences.map(({ kind, predicted, seen }) =>
        `  - ${kind}: ${predicted ? `predicted ${cell(predicted)}; ` : ""}seen ${cell(seen)}`
      ),
    ]),
    ...(wrong.length > 0 ? [""] : []),
    ...(unmade.length > 0 ? ["Not to be made on this machine, for want of what they need:", ""] : []),
    ...unmade.map(({ name, needs }) => `- \`${name}\`: ${needs.join(" ")}`),
    ...(unmade.length > 0 ? [""] : []),
  ].join("\n");
}

/** docs/truth.md: every run, then each specimen with what was predicted and seen in the first one. */
export function truthPage(runs: ReadonlyMap<string, readonly Trial[]>): string {
  const [first = []] = runs.values();
  const kinds = [...new Set(first.map(({ kind }) => kind))];
  const restoreOf = ({ predicted, restored }: Trial) =>
    predicted?.dump === "BLOCKED" || restored === null
      ? ""
      : `${predicted!.restore}, ${restored ? "came back" : "did not"}`;
  return [
    "<!-- Made by scripts/truth from its runs. -->",
    "# What cready inspect says, and what criu does",
    "",
    "Each specimen of `tests/specimens` makes one situation. `scripts/truth` starts it in namespaces of its own, asks `cready inspect`, has real",
    "criu dump a start without options and another one with the predicted options, then with each of those left out, and restores what was",
    "dumped in further PID and mount namespaces. Where cready says that nothing helps, the options that criu's own words lead to are tried.",
    "CI runs the same (`tests/truth`); a difference that is not listed in `tests/truth/known.json` fails it.",
    "",
    ...[...runs].map(([title, trials]) => truthDoc(trials, title)),
    "## The specimens",
    "",
    ...kinds.flatMap((kind) => [
      `### ${kind.replaceAll("_", " ")}`,
      "",
      table(
        ["specimen", "what it makes", "rules", "predicted", "seen", "restore"],
        first.filter((one) => one.kind === kind && one.unmade === null).map((one) => [
          `\`${one.name}\``,
          cell(one.about),
          one.rules.join(" "),
          one.predicted?.dump ?? "",
          seenOf(one),
          restoreOf(one),
        ]),
      ),
      "",
    ]),
  ].join("\n").trimEnd() + "\n";
}
