/** Debian's arm64 kernels, emulated: what cready says of them beside the arm64 criu, as tests/kernels does for x86_64. */
import assert from "node:assert/strict";
import { armKernelsDoc, armPart, madeWith, withArmPart } from "../../scripts/generate/kernels.ts";
import { criuSays, readRuns, type RunResult } from "../../scripts/kernels.d/results.ts";
import { isOlder } from "../../host/release.ts";
import { readReport } from "../../fleet/read.ts";
import { PROBES } from "../../probes/registry.ts";
import { conclusionDiffers, findingsOf, outOfTime, undocumented, untold } from "../kernels/truth.ts";
import { at, kernels, ready } from "./guests.ts";

// CREADY_KERNELS_DONE=1 judges the runs that are there.
if (!Deno.env.get("CREADY_KERNELS_DONE")) {
  await ready();
  await kernels(["matrix"]);
  // Emulation may take longer than a child has to answer, where the machine is busy: those again, alone.
  for (let again = 0; again < 3; again++) {
    for (const { kernel, variant } of readRuns(at("dist/kernels-arm64")).filter(outOfTime)) {
      await kernels(["boot", kernel, variant]);
    }
  }
}
const runs = readRuns(at("dist/kernels-arm64"));
const nameOf = ({ kernel, variant }: RunResult) => `${kernel} ${variant}`;
/** What arm64 does not have whatever the age of its kernel: the first two by design. */
const NEVER = ["can_map_vdso", "compat_cr", "mem_dirty_track"];

Deno.test("arm64: the matrix has every kernel, loaded and bare, and one with pages of 16 KiB", () => {
  assert.deepEqual(runs.map(nameOf).sort(), [
    "16k full",
    ...["6.1", "6.12", "7.x"].flatMap((kernel) => [`${kernel} bare`, `${kernel} full`]),
  ]);
});

for (const run of runs) {
  const name = `arm64 ${nameOf(run)}`;

  Deno.test(`${name}: cready answers everything, and as root nothing is undecided`, () => {
    assert(run.ended, "the guest gave no result");
    assert(run.all, `check --all --json printed no report: ${run.cready.get("all")?.err}`);
    assert.equal(run.architecture, "arm64");
    const ids = findingsOf(run).map(({ feature }) => feature.id);
    assert.deepEqual(PROBES.map(({ id }) => id).filter((id) => !ids.includes(id)), []);
    for (const { reason } of findingsOf(run)) assert.doesNotMatch(reason ?? "", /cready itself failed/);
    assert.deepEqual(untold(run), []);
  });

  Deno.test(`${name}: no difference to the real criu but the documented ones`, () => {
    assert(run.criu, "criu was not asked");
    if (run.variant === "full") assert(!run.criu.died, run.criu.check.err);
    assert.deepEqual(undocumented(run), []);
    assert.equal(conclusionDiffers(run), undefined);
    if (!run.criu.died) assert.equal(criuSays(run.criu, "compat_cr"), false);
  });

  if (run.variant === "full") {
    Deno.test(`${name}: what came with an older kernel is there, but for what the architecture never has`, () => {
      const lost = findingsOf(run).filter(({ feature, verdict }) => {
        const since = PROBES.find(({ id }) => id === feature.id)?.since;
        return verdict !== "SUPPORTED" && (since ? isOlder(run.release, since) : true) === false;
      });
      assert.deepEqual(lost.map(({ feature }) => feature.id).filter((id) => !NEVER.includes(id)), []);
    });
  }
}

Deno.test("arm64: what it never has does not spoil the outcome", () => {
  for (const run of runs.filter(({ variant }) => variant === "full")) {
    const lacks = run.all!.findings.filter(({ feature, verdict }) =>
      verdict !== "SUPPORTED" && feature.category?.name !== "OPTIONAL" && !NEVER.includes(feature.id)
    );
    assert.equal(
      run.all!.outcome,
      lacks.length === 0 ? "GOOD" : "MAYBE",
      lacks.map(({ feature }) => feature.id).join(),
    );
  }
});

Deno.test("arm64: the report of a kernel with pages of 16 KiB says so", () => {
  const run = runs.find(({ kernel }) => kernel === "16k")!;
  const report = readReport("16k", new TextEncoder().encode(run.cready.get("report")?.out));
  assert.equal(report.architecture, "aarch64");
  assert.equal(report.kernel.pageSize, 16384);
});

Deno.test("docs/kernels.md has the table of these runs", () => {
  const path = at("docs/kernels.md");
  const text = armKernelsDoc(runs);
  if (Deno.env.get("CREADY_WRITE_DOCS")) {
    Deno.writeTextFileSync(path, withArmPart(Deno.readTextFileSync(path), text));
  }
  const written = armPart(Deno.readTextFileSync(path));
  if (!written.includes(madeWith(runs))) return console.log("docs/kernels.md was made with other packages");
  assert.equal(text, written);
});
