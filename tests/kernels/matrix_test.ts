import assert from "node:assert/strict";
import { readRuns, type RunResult } from "../../scripts/kernels.d/results.ts";
import { armPart, kernelsDoc, madeWith } from "../../scripts/generate/kernels.ts";
import { NEEDS } from "./poor.ts";
import { conclusionDiffers, findingsOf, outOfTime, undocumented, untold } from "./truth.ts";
import { isOlder } from "../../host/release.ts";
import { PROBES } from "../../probes/registry.ts";

const root = new URL("../../", import.meta.url);
const results = new URL("dist/kernels/", root);

const kernels = (...args: string[]) =>
  new Deno.Command(new URL("scripts/kernels", root), { args, cwd: root }).outputSync();

// The runs themselves take minutes; CREADY_KERNELS_DONE=1 judges those that are there.
if (!Deno.env.get("CREADY_KERNELS_DONE")) {
  if (!kernels("matrix").success) {
    console.error("scripts/kernels matrix failed: the runs that gave no result are failed tests below");
  }
  // Where two guests share a busy machine, emulation may take longer than a child has to answer: those again, alone.
  for (let again = 0; again < 3; again++) {
    for (const { kernel, variant } of readRuns(results.pathname).filter(outOfTime)) kernels("boot", kernel, variant);
  }
}
const runs = readRuns(results.pathname);
const nameOf = ({ kernel, variant }: RunResult) => `${kernel} ${variant}`;

Deno.test("the matrix has every kernel, loaded and bare, and the poor one", () => {
  const names = runs.map(nameOf);
  for (const kernel of ["5.10", "6.1", "6.12", "7.x"]) {
    for (const variant of ["full", "bare"]) assert(names.includes(`${kernel} ${variant}`), `${kernel} ${variant}`);
  }
  assert(names.some((name) => name.startsWith("poor")));
});

/** In these, what a check needs is kept from it, and it cannot be told by what: each with what is then undecided. */
const MAY_BE_UNTOLD: Readonly<Record<string, readonly string[]>> = {};

for (const run of runs) {
  const name = nameOf(run);

  Deno.test(`${name}: cready answers everything`, () => {
    assert(run.ended, "the guest gave no result");
    assert(run.all, "check --all --json printed no report");
    const ids = findingsOf(run).map(({ feature }) => feature.id);
    assert.deepEqual(PROBES.map(({ id }) => id).filter((id) => !ids.includes(id)), []);
    for (const { reason } of findingsOf(run)) assert.doesNotMatch(reason ?? "", /cready itself failed/);
  });

  if (run.kernel === "poor") {
    Deno.test(`${name}: nothing that its configuration lacks is supported`, () => {
      const on = (option: string) => ["y", "m"].includes(run.config.get(option) ?? "");
      assert(on("X86_64"), "the configuration was not read");
      const wrong = findingsOf(run).filter(({ feature, verdict }) =>
        verdict === "SUPPORTED" && !(NEEDS[feature.id] ?? []).every(on)
      );
      assert.deepEqual(wrong.map(({ feature }) => feature.id), []);
      const off = Object.values(NEEDS).filter((options) => !options.every(on)).length;
      assert(off >= 27, `only ${off} checks are taken away by this configuration`);
    });
    Deno.test(`${name}: at most two are undecided`, () => assert(untold(run).length <= 2, untold(run).join("\n")));
  } else {
    Deno.test(`${name}: no difference to the real criu but the documented ones`, () => {
      assert.deepEqual(undocumented(run), []);
      assert.equal(conclusionDiffers(run), undefined);
    });
    Deno.test(`${name}: nothing is undecided as root`, () => assert.deepEqual(untold(run), MAY_BE_UNTOLD[name] ?? []));
  }

  if (run.variant === "full" && run.kernel !== "poor") {
    Deno.test(`${name}: what came with an older kernel is there, or it is explained`, () => {
      const lost = findingsOf(run).filter(({ feature, verdict, remedies }) => {
        const since = PROBES.find(({ id }) => id === feature.id)?.since;
        const old = since ? isOlder(run.release, since) : true;
        return verdict === "UNSUPPORTED" && old === false && remedies.every(({ cause }) => cause === "UNDETERMINED");
      });
      assert.deepEqual(lost.map(({ feature, reason }) => `${feature.id}: ${reason}`), []);
    });
  }
}

Deno.test("docs/kernels.md is the table of these runs", () => {
  const path = new URL("docs/kernels.md", root);
  // The part on arm64 is that of tests/arm64.
  const text = kernelsDoc(runs) + armPart(Deno.readTextFileSync(path));
  if (Deno.env.get("CREADY_WRITE_DOCS")) Deno.writeTextFileSync(path, text);
  const written = Deno.readTextFileSync(path);
  // Debian moves on: with other kernels the table is theirs, and to be written anew by who looks at what changed.
  if (!written.includes(madeWith(runs))) return console.log("docs/kernels.md was made with other packages");
  assert.equal(text, written);
});
