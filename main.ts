import { openLibc } from "./ffi/libc.ts";
import { Runner } from "./probes/run.ts";
import { PROBES } from "./probes/registry.ts";
const r = new Runner(openLibc());
for (const p of PROBES) {
  const f = r.probe(p);
  console.log(
    p.id,
    f.verdict,
    f.reason,
    f.durationMs.toFixed(2),
    JSON.stringify(f.evidence),
    JSON.stringify(f.remedies),
  );
}
