import type { Finding, Verdict } from "../../probes/probe.ts";
import { conclude } from "../../report/outcome.ts";

/** A finding as `check --json` prints it. */
export interface PrintedFinding {
  readonly feature: {
    readonly id: string;
    readonly criuName: string | null;
    readonly category: { readonly name: string } | null;
  };
  readonly verdict: Verdict;
  readonly reason: string | null;
  readonly criuDiffers: { readonly verdict: Verdict; readonly why: string } | null;
}

/** What cready expects criu to say of a finding: yes or no; null where it has no opinion on it. */
export function expectedOfCriu({ verdict, criuDiffers }: PrintedFinding): boolean | null {
  const said = criuDiffers?.verdict ?? verdict;
  return said === "INCONCLUSIVE" ? null : said === "SUPPORTED";
}

/**
 * What is wrong with a finding beside criu's answer to `--feature NAME`; undefined if nothing is. A finding may
 * differ from criu only where it says itself that criu answers otherwise, and then criu must really do so.
 */
export function disagreement(finding: PrintedFinding, criuSays: boolean): string | undefined {
  const expected = expectedOfCriu(finding);
  const name = finding.feature.criuName ?? finding.feature.id;
  const ours = `${name}: cready says ${finding.verdict}${finding.reason ? ` (${finding.reason})` : ""}`;
  if (expected === null) return `${ours}, criu says ${criuSays}: an answer is missing`;
  if (expected === criuSays) return undefined;
  return `${ours}, expects criu to say ${expected}, and it says ${criuSays}`;
}

/** The sentence and exit code that criu should end with, if it is right about everything but its known faults. */
export function expectedConclusion(findings: readonly PrintedFinding[]) {
  const asCriu = findings.map((finding) => ({
    ...finding,
    feature: { ...finding.feature, category: finding.feature.category?.name ?? null },
    verdict: finding.criuDiffers?.verdict ?? finding.verdict,
  }));
  return conclude(asCriu as unknown as Finding[], "x86_64");
}
