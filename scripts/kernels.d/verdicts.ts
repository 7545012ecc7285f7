// Prints what the real criu said in each run under a folder (the only word), one JSON object a line: the form of
// criu-verdicts.ndjson, which is a record to read and to compare with; no test answers from it.
import { criuSays, readRuns, type RunResult } from "./results.ts";

function row(run: RunResult): Readonly<Record<string, unknown>> {
  const { criu, release } = run;
  if (criu === null) return { release, ended: run.ended };
  const exits = [criu.check.rc, criu.extra.rc, criu.all.rc];
  const names = [...criu.features.keys()];
  return criu.died
    ? { release, criu: criu.version, exits, died: lastErrors(criu.check.err) }
    : { release, criu: criu.version, exits, no: names.filter((name) => criuSays(criu, name) === false) };
}

/** The messages that tell why, without the places in criu's sources. */
function lastErrors(text: string): readonly string[] {
  return text.trim().split("\n").filter((line) => line.startsWith("Error")).map((line) =>
    line.replace(/^Error \([^)]*\): (\w+: )?(\d+: )?/, "")
  ).slice(-3, -1);
}

for (const run of readRuns(Deno.args[0] ?? "dist/kernels")) {
  console.log(JSON.stringify({ run: `${run.kernel} ${run.variant}`, ...row(run) }));
}
