import assert from "node:assert/strict";
import { CRIU_NAMES } from "../../probes/names.ts";
import type { CategoryName, Probe } from "../../probes/probe.ts";
import { featureNamed, PROBES } from "../../probes/registry.ts";

/** What criu 4.2 asks in each category, apparmor_stacking included (criu/cr-check.c, cr_check). */
const COUNTS: readonly (readonly [CategoryName | null, number])[] = [
  ["REQUIRED", 17],
  ["EXTRA", 39],
  ["EXPERIMENTAL", 2],
  ["OPTIONAL", 1],
  [null, 7],
];

for (const [category, count] of COUNTS) {
  Deno.test(`there are ${count} records of category ${category}`, () => {
    assert.equal(PROBES.filter((probe) => probe.category === category).length, count);
  });
}

Deno.test("ids and criu's names are unique", () => {
  const names = PROBES.flatMap(({ id, criuName }) => criuName && criuName !== id ? [id, criuName] : [id]);
  assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), []);
});

Deno.test("every name of criu is a record, and every record with a name is one of criu's", () => {
  assert.deepEqual(CRIU_NAMES.filter((name) => !PROBES.some(({ criuName }) => criuName === name)), []);
  assert.deepEqual(PROBES.filter(({ criuName }) => criuName && !CRIU_NAMES.includes(criuName)), []);
});

Deno.test("featureNamed finds every record by both of its names", () => {
  for (const probe of PROBES) {
    assert.equal(featureNamed(probe.id), probe);
    if (probe.criuName) assert.equal(featureNamed(probe.criuName), probe);
  }
});

const exists = (path: string) => {
  try {
    return Deno.statSync(new URL(path, import.meta.url)).isFile;
  } catch {
    return false;
  }
};

/** A clause: something, no full stop at its end, no line break, no double blank. */
const clause = (text: string) => assert.match(text, /^(?!.* {2})\S[^\n]{8,}[^.\s]$/);

const RULES: readonly (readonly [string, (probe: Probe) => void])[] = [
  ["is in the file of its id", ({ id }) => assert(exists(`../../probes/${id}.ts`))],
  ["has a unit test", ({ id }) => assert(exists(`../unit/probes/${id}_test.ts`))],
  ["says what fails without it", ({ impact }) => clause(impact)],
  ["says what mends it", ({ mend }) => clause(mend)],
  ["has a title", ({ title }) => assert(title.length > 4 && !title.endsWith("."))],
  ["has references that say of what kind they are", ({ references }) => {
    assert(references.length > 0);
    for (const one of references) assert.match(one, /^(man|linux|criu|doc):\S/);
    assert(references.some((one) => one.startsWith("criu:")));
  }],
  ["says since which kernel", ({ subject, since }) => {
    if (subject === "KERNEL") assert.match(since ?? "", /^\d+\.\d+(\.\d+)?$/);
    else assert.equal(since, null);
  }],
  ["names options as the kernel does", ({ kconfig }) => {
    for (const option of kconfig) assert.match(option, /^CONFIG_[A-Z0-9_]+$/);
  }],
  ["says which errnos prove an absence", ({ absentOn }) => {
    for (const errno of absentOn) assert.match(errno, /^E[A-Z0-9]+$/);
    // A refusal is no proof, whatever it refuses.
    for (const refusal of ["EPERM", "EACCES", "EROFS", "EMFILE", "ENOMEM"]) {
      assert(!absentOn.includes(refusal), refusal);
    }
  }],
  ["describes each fault of criu", ({ criuFaults }) => {
    for (const { when, says, why, reproduce } of criuFaults) {
      assert(when.length > 0 && !when.includes(says));
      clause(why);
      clause(reproduce);
    }
  }],
];

for (const probe of PROBES) {
  Deno.test(`the record ${probe.id} is whole`, async (t) => {
    for (const [rule, check] of RULES) await t.step(rule, () => check(probe));
  });
}
