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

/** docs/truth.md's part for one criu. */
export function truthDoc(trials: readonly Trial[]): string {
  const kinds = [...new Set(trials.map(({ kind }) => kind))];
  const wrong = trials.filter(({ differences }) => differences.length > 0);
  const rows = kinds.map((kind) => {
    const of = trials.filter((one) => one.kind === kind);
    const count = (of_: (one: Trial) => boolean) => of.filter(of_).length;
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
    `## criu ${trials[0]?.criu}`,
    "",
    ...confusion(trials),
    "",
    table(["kind", "specimens", "near misses", "dumpable", "with options", "blocked", "unknown", "different"], rows),
    "",
    wrong.length === 0 ? "No differences." : "Differences:",
    "",
    ...wrong.flatMap(({ name, about, differences }) => [
      `- \`${name}\`: ${about}`,
      ...differences.map(({ kind, predicted, seen }) =>
        `  - ${kind}: ${predicted ? `predicted ${predicted}; ` : ""}seen ${seen.replaceAll("\n", " ")}`
      ),
    ]),
    "",
  ].join("\n");
}
