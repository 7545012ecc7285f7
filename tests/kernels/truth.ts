/**
 * What is wrong with one run of a guest, judged by what is known of it apart from cready: the real criu beside it,
 * the kernel's own configuration, and what the variant took away.
 */
import { criuSays, type ReportFinding, type RunResult } from "../../scripts/kernels.d/results.ts";
import { disagreement, expectedConclusion, type PrintedFinding } from "../criu/compare.ts";

/** All findings of a run: of the categories, and of the names that are in none. */
export function findingsOf(run: RunResult): ReportFinding[] {
  const named = run.named ?? [];
  const inCategory = (run.all?.findings ?? []).filter(({ feature }) =>
    !named.some((one) => one.feature.id === feature.id)
  );
  return [...inCategory, ...named];
}

/** Where cready and the real criu differ although no row of docs/differences.md says so. */
export function undocumented(run: RunResult): string[] {
  const { criu } = run;
  if (!criu || criu.died) return [];
  return findingsOf(run).flatMap((finding) => {
    const name = finding.feature.criuName;
    const says = name === null ? null : criuSays(criu, name);
    return says === null ? [] : disagreement(finding as PrintedFinding, says) ?? [];
  });
}

/** Whether `check --all` ends as criu's does, but for the documented differences; undefined where criu died. */
export function conclusionDiffers(run: RunResult): string | undefined {
  const { criu, all } = run;
  if (!criu || criu.died || !all) return undefined;
  const expected = expectedConclusion([...all.findings] as PrintedFinding[]);
  const said = criu.all.rc === 0 ? "Looks good." : criu.all.out.trim() || "Does not look good.";
  return expected.sentence === said ? undefined : `criu ends with ${said}, expected was ${expected.sentence}`;
}

/** What is left undecided although root asked; each with its reason. */
export function untold(run: RunResult): string[] {
  return findingsOf(run).filter(({ verdict }) => verdict === "INCONCLUSIVE").map(({ feature, reason }) =>
    `${feature.id}: ${reason}`
  );
}

/** Whether the emulated machine was too slow: no result at all, or a check that had no answer in its time. */
export function outOfTime(run: RunResult): boolean {
  return !run.ended || untold(run).some((reason) => reason.includes("no answer in"));
}
