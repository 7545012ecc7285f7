import type { CategoryName, Finding } from "../probes/probe.ts";
import { visible } from "./text.ts";

/** criu's number of a category. */
export const CATEGORY_NUMBERS: Readonly<Record<CategoryName, number>> = {
  REQUIRED: 1,
  EXTRA: 2,
  EXPERIMENTAL: 3,
  OPTIONAL: 4,
};

interface Column {
  readonly header: string;
  readonly align: "left" | "right";
  value(finding: Finding): string;
}

/** One row a column; `supported` stays small so that the others are seen. */
const COLUMNS: readonly Column[] = [
  { header: "FEATURE", align: "left", value: ({ feature }) => feature.criuName ?? feature.id },
  {
    header: "CAT",
    align: "right",
    value: ({ feature }) => feature.category ? String(CATEGORY_NUMBERS[feature.category]) : "-",
  },
  {
    header: "VERDICT",
    align: "left",
    value: ({ verdict }) => verdict === "SUPPORTED" ? "supported" : verdict,
  },
  { header: "WHY", align: "left", value: (finding) => finding.verdict === "SUPPORTED" ? "" : visible(why(finding)) },
];

/** The cause where one is known, else what was seen. */
function why({ verdict, reason, remedies }: Finding): string {
  const cause = remedies[0];
  return verdict !== "INCONCLUSIVE" && cause ? cause.why : reason ?? "";
}

/** The findings as aligned columns with a header, one line each. */
export function table(findings: readonly Finding[]): string {
  const rows = [
    COLUMNS.map(({ header }) => header),
    ...findings.map((one) => COLUMNS.map((column) => column.value(one))),
  ];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => COLUMNS[i]!.align === "right" ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))
      .join("  ").trimEnd()
  ).join("\n") + "\n";
}
