import type { Feature, Verdict } from "../probes/probe.ts";

/** criu's three sentences, and UNKNOWN: a required feature could not be decided. */
export type Outcome = "GOOD" | "MAYBE" | "BAD" | "UNKNOWN";

/** What a run of categories comes to: what is said, where, and with which exit code. */
export interface Conclusion {
  readonly outcome: Outcome;
  /** One or more lines, without the last newline. */
  readonly sentence: string;
  /** `log`: a warning on stderr or in the log file, as criu 4.2 has it for its bad sentence. */
  readonly stream: "stdout" | "log";
  readonly exitCode: 0 | 1;
}

const MISSING = "Looks good but some kernel features are missing\n" +
  "which, depending on your process tree, may cause\n" +
  "dump or restore failure.";

/** What of a finding decides. */
export interface Concluded {
  readonly feature: Pick<Feature, "category" | "notOn">;
  readonly verdict: Verdict;
}

const NO: readonly Verdict[] = ["UNSUPPORTED", "BLOCKED"];

/** Whether a finding ends the hope: absent or refused. */
export function isNo(finding: Concluded): boolean {
  return NO.includes(finding.verdict);
}

/** The first row that is true decides; category 4 never counts, nor what is missing on an architecture by design. */
export function conclude(findings: readonly Concluded[], architecture: string): Conclusion {
  const required = findings.filter((one) => one.feature.category === "REQUIRED");
  const further = findings.filter(({ feature: { category, notOn }, verdict }) =>
    (category === "EXTRA" || category === "EXPERIMENTAL") && !(verdict === "UNSUPPORTED" && notOn?.[architecture])
  );
  const unknown = required.filter((one) => one.verdict === "INCONCLUSIVE").length;
  if (required.some(isNo)) return { outcome: "BAD", sentence: "Does not look good.", stream: "log", exitCode: 1 };
  if (unknown > 0) {
    const what = unknown === 1 ? "1 required kernel feature" : `${unknown} required kernel features`;
    return {
      outcome: "UNKNOWN",
      sentence: `Cannot tell: ${what} could not be probed here.`,
      stream: "stdout",
      exitCode: 1,
    };
  }
  if (further.some(isNo)) return { outcome: "MAYBE", sentence: MISSING, stream: "stdout", exitCode: 1 };
  if (further.some((one) => one.verdict === "INCONCLUSIVE")) {
    const sentence = "Looks good but some kernel features could not be probed here.";
    return { outcome: "MAYBE", sentence, stream: "stdout", exitCode: 1 };
  }
  return { outcome: "GOOD", sentence: "Looks good.", stream: "stdout", exitCode: 0 };
}
