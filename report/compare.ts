import type { Comparison } from "../fleet/compare.ts";
import type { CompareVerdict, Item, Severity } from "../fleet/item.ts";
import type { Matrix } from "../fleet/matrix.ts";
import type { DumpJudgement } from "../fleet/output.ts";
import { visible } from "./text.ts";

const SENTENCES: Readonly<Record<CompareVerdict, string>> = {
  GOOD: "Looks good: nothing that was compared speaks against a restore.",
  RISK: "May fail: a restore is possible, with risks.",
  UNKNOWN: "Cannot tell: something that decides could not be compared.",
  BLOCKED: "Does not look good: a restore fails, or what is restored dies.",
};

/** Worst first. */
const ORDER: readonly Severity[] = ["blocks", "unknown", "risk", "advisory", "same"];

/** The sentence, then one entry for each difference; what is the same is only counted, unless `all` is wanted. */
export function comparisonText({ verdict, items }: Comparison, all: boolean): string {
  const shown = ORDER.filter((severity) => all || severity !== "same").flatMap((severity) =>
    items.filter((item) => item.severity === severity)
  );
  const counts = ORDER.flatMap((severity) => {
    const count = items.filter((item) => item.severity === severity).length;
    return count > 0 ? [`${count} ${severity}`] : [];
  });
  const width = Math.max(0, ...shown.map(({ id }) => id.length));
  return `${SENTENCES[verdict]}\n` + shown.map((item) => entry(item, width)).join("") + `${counts.join(", ")}\n`;
}

/** What was dumped, the comparison, and the command that restores it. */
export function dumpText({ processes, root, madeBy, command, comparison }: DumpJudgement, all: boolean): string {
  const tree = `A dump of ${processes === 1 ? "1 process" : `${processes} processes`}, ${visible(root)}`;
  const by = madeBy
    ? [madeBy.container, madeBy.image, madeBy.runtime, madeBy.kernel].flatMap((one) => one ? [visible(one)] : [])
    : [];
  const from = by.length > 0 ? `, of ${by.join(", ")}` : "";
  const how = command && comparison.verdict !== "BLOCKED" ? `${command}\n` : "";
  return `${tree}${from}\n${comparisonText(comparison, all)}${how}`;
}

function entry({ id, source, target, severity, reason, remedy }: Item, width: number): string {
  const values = source === target ? source ?? "" : `${source ?? "none"} -> ${target ?? "none"}`;
  const head = `  ${severity.padEnd(8)}  ${visible(id).padEnd(width)}  ${visible(values)}`.trimEnd();
  const indent = " ".repeat(12);
  return `${head}\n` + (reason ? `${indent}${visible(reason)}\n` : "") +
    (remedy ? `${indent}mend: ${visible(remedy)}\n` : "");
}

/** At most so many classes are drawn as a table; more are listed. */
const TABLE_LIMIT = 24;
/** In the place of a compat-id, and as wide. */
const UNKNOWN = "unknown".padEnd(12);
/** So many machines of a group are named. */
const NAMED = 4;
const SIGNS: Readonly<Record<CompareVerdict, string>> = { GOOD: "yes", RISK: "risk", UNKNOWN: "?", BLOCKED: "no" };

/** Groups by compat-id, then who can restore whose dumps: one row for each class of sources. */
export function matrixText({ groups, classes, verdicts }: Matrix): string {
  const count = groups.reduce((sum, { machines }) => sum + machines.length, 0);
  const lines = [`${count} machines, ${groups.length} compat-ids, ${classes.length} classes`, ""];
  for (const { compatId, machines } of groups) lines.push(`${compatId ?? UNKNOWN}  ${names(machines)}`);
  lines.push("");
  const label = (i: number) => `#${i + 1}`;
  classes.forEach(({ compatId, machines }, i) =>
    lines.push(`${label(i).padEnd(5)} ${compatId ?? UNKNOWN}  ${names(machines)}`)
  );
  lines.push("");
  if (classes.length <= TABLE_LIMIT) {
    const width = Math.max(5, label(classes.length).length + 1);
    lines.push("dumps of, row by row, on the machines of each column:", "");
    lines.push(" ".repeat(width) + classes.map((_, i) => label(i).padEnd(width)).join("").trimEnd());
    verdicts.forEach((row, i) => {
      lines.push(label(i).padEnd(width) + row.map((verdict) => SIGNS[verdict].padEnd(width)).join("").trimEnd());
    });
  } else {
    verdicts.forEach((row, i) => {
      const on = row.flatMap((verdict, j) => verdict === "GOOD" ? [label(j)] : []);
      const risky = row.flatMap((verdict, j) => verdict === "RISK" ? [label(j)] : []);
      lines.push(
        `dumps of ${label(i)} run on ${on.join(" ") || "none"}${
          risky.length > 0 ? `; with risks on ${risky.join(" ")}` : ""
        }`,
      );
    });
  }
  return `${lines.join("\n")}\n`;
}

function names(machines: readonly string[]): string {
  const first = machines.slice(0, NAMED).map(visible).join(" ");
  return machines.length > NAMED ? `${first} and ${machines.length - NAMED} more` : first;
}
