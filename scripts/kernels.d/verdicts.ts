// Prints, as JSON, what the real criu said in each run under a folder: FOLDER as the only word.
import { criuSays, readRuns } from "./results.ts";

const rows = readRuns(Deno.args[0] ?? "dist/kernels").map((run) => {
  const { kernel, variant, release, criu } = run;
  if (criu === null) return { kernel, variant, release, ended: run.ended };
  const no = [...criu.features.keys()].filter((name) => criuSays(criu, name) === false);
  const untold = [...criu.features.keys()].filter((name) => criuSays(criu, name) === null);
  const exits = { check: criu.check.rc, extra: criu.extra.rc, all: criu.all.rc };
  const said = [criu.check, criu.all].map((ran) => ran.err.trim().split("\n").at(-1) ?? "");
  return criu.died
    ? { kernel, variant, release, criu: criu.version, died: true, exits, firstError: criu.check.err.trim() }
    : { kernel, variant, release, criu: criu.version, died: false, exits, no, untold, said };
});
console.log(JSON.stringify(rows, null, 1));
