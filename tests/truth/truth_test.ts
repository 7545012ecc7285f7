/** Every specimen: what cready says of it is what criu does with it. scripts/truth runs the same by hand. */
import assert from "node:assert/strict";
import { criu } from "./criu.ts";
import { machine } from "./machine.ts";
import { type Specimen, specimens } from "./sandbox.ts";
import { type Trial, trial } from "./trial.ts";
import { wrongOf } from "./wrong.ts";

const CREADY = new URL("../../dist/cready", import.meta.url).pathname;
/** At once: a dump keeps one CPU busy. */
const WORKERS = 2;

const rows = await specimens();

/** All specimens beside one criu. */
async function trials(version: string, restore: boolean): Promise<Map<string, Trial>> {
  const judge = await criu(version);
  const here = await machine(judge);
  try {
    const bench = { cready: CREADY, judge, machine: here, restore };
    const queue = [...rows];
    const done = new Map<string, Trial>();
    const worker = async () => {
      for (let row = queue.shift(); row; row = queue.shift()) done.set(row.name, await trial(row, bench));
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
    return done;
  } finally {
    await Deno.remove(here.scratch, { recursive: true });
  }
}

Deno.test("there are enough specimens, of both sorts and of all kinds of resources", () => {
  const of = (choose: (row: Specimen) => boolean) => rows.filter(choose).length;
  assert.ok(of(({ world }) => world === null) >= 150);
  assert.ok(of(({ world }) => world === "programs") >= 20);
  assert.ok(of(({ sort }) => sort === "near miss") >= 50);
  assert.ok(new Set(rows.map(({ kind }) => kind)).size >= 20);
});

// Restores are the same work for both; what 4.1 restores is not asked about.
for (const [version, restore] of [["4.2.1", true], ["4.1.1", false]] as const) {
  const done = await trials(version, restore);
  for (const { name, needs } of rows) {
    Deno.test(`criu ${version}: ${name}`, () => {
      const { unmade, ...one } = done.get(name)!;
      // Left out by name, with its reason, and only those that say what they need.
      if (unmade !== null) {
        console.log(`cannot be made here: ${unmade}`);
        assert.ok(needs.length > 0);
      }
      assert.equal(wrongOf({ ...one, unmade }), "");
    });
  }
}
