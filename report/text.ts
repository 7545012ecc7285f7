import type { CriuAnswer, Finding, Remedy, Verdict } from "../probes/probe.ts";

/** criu's verbosity levels: the smallest at which a line is shown. */
export type Level = 1 | 2 | 3;

/** One line of the log, without its newline. */
export interface LogLine {
  readonly level: Level;
  readonly text: string;
}

const PREFIX: Readonly<Record<Level, string>> = { 1: "Error (", 2: "Warn  (", 3: "Info  (" };

/** A log line in criu's form: `Warn  (cready/check): text`. Control bytes are shown as `\xNN`. */
export function logLine(level: Level, place: string, text: string): LogLine {
  return { level, text: `${PREFIX[level]}cready/${place}): ${visible(text)}` };
}

/** A text without bytes that a terminal would obey. */
export function visible(text: string): string {
  // deno-lint-ignore no-control-regex -- control bytes are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** The line that a finding deserves; undefined for one that is supported and where criu agrees. */
export function findingLine(finding: Finding): LogLine | undefined {
  const { feature, verdict, reason, criuDiffers } = finding;
  const criu = criuDiffers ? `; criu ${criuDiffers.version} says ${said(criuDiffers.verdict)}` : "";
  if (verdict === "SUPPORTED") return criu ? logLine(2, feature.id, `supported${criu}`) : undefined;
  return logLine(feature.category === "REQUIRED" ? 1 : 2, feature.id, `${reason}${criu}`);
}

/** A verdict as a word in a sentence. */
export function said(verdict: Verdict): string {
  return verdict === "INCONCLUSIVE" ? "nothing" : verdict === "SUPPORTED" ? "supported" : "not supported";
}

const LABELS: Readonly<Record<Verdict, string>> = {
  SUPPORTED: "",
  UNSUPPORTED: "missing",
  BLOCKED: "blocked",
  INCONCLUSIVE: "unknown",
};

/** Below a finding's line: cause, effect, what mends it, and where criu differs. */
export function detailLines(finding: Finding): string[] {
  const { feature, verdict, remedies, criuDiffers } = finding;
  if (verdict === "SUPPORTED") return criuDiffers ? [criuLine(criuDiffers)] : [];
  const mend = verdict === "INCONCLUSIVE" ? "decide" : "mend";
  return [
    ...remedies.map((remedy) => detail(LABELS[verdict], remedy.why)),
    detail("without", feature.impact),
    ...remedies.map((remedy) => detail(mend, mendText(remedy))),
    ...(criuDiffers ? [criuLine(criuDiffers)] : []),
  ];
}

function mendText({ text, command }: Remedy): string {
  return command ? `${text}: ${command}` : text;
}

function criuLine({ version, verdict, why }: CriuAnswer): string {
  return detail(`criu ${version}`, `says ${said(verdict)}: ${why}`);
}

function detail(label: string, text: string): string {
  return `        ${label.padEnd(10)}${visible(text)}`;
}

/**
 * An indented line broken between words to fit a terminal, its further lines under its second column. A width that is
 * unknown (0) or very small breaks nothing.
 */
export function folded(line: string, columns: number): string {
  if (columns < 40 || line.length <= columns || !line.startsWith("        ")) return line;
  const column = /^ +\S.*? {2,}(?=\S)/.exec(line)?.[0].length ?? 0;
  const indent = " ".repeat(column > 0 && column < columns / 2 ? column : 10);
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const end = rest.lastIndexOf(" ", columns);
    // A word that is too long for a line is left to the terminal.
    const cut = end > indent.length ? end : rest.indexOf(" ", columns);
    if (cut < 0) break;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = indent + rest.slice(cut).trimStart();
  }
  return [...lines, rest].join("\n");
}

/** The calls a finding rests on, for -v3. */
export function evidenceLines(finding: Finding): LogLine[] {
  return finding.evidence.map(({ call, answer }) => logLine(3, finding.feature.id, `${call} = ${answer}`));
}
