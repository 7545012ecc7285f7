/** Specimens in guests of arm64: what cready says of each is what the arm64 criu does with it. */
import assert from "node:assert/strict";
import { specimens } from "../truth/sandbox.ts";
import { armGuests } from "../truth/vm.ts";
import { wrongOf } from "../truth/wrong.ts";
import { ready } from "./guests.ts";
import { SPECIMENS } from "./specimens.ts";

await ready();
const table = await specimens();
const rows = SPECIMENS.map((name) => table.find((row) => row.name === name)!);
const done = await armGuests(rows, "4.2.1");

Deno.test("arm64: at least 30 specimens of many kinds are made, dumped and refused", () => {
  const made = done.filter(({ unmade }) => unmade === null);
  assert(made.length >= 30, `${made.length}`);
  assert(new Set(made.map(({ kind }) => kind)).size >= 15);
  const count = (verdict: string) => made.filter(({ predicted }) => predicted?.dump === verdict).length;
  for (const verdict of ["DUMPABLE", "NEEDS_OPTIONS", "BLOCKED"]) {
    assert(count(verdict) >= 3, `${verdict}: ${count(verdict)}`);
  }
});

for (const trial of done) {
  Deno.test(`arm64: ${trial.name}`, () => {
    assert.equal(wrongOf(trial), "");
    assert.equal(trial.unmade, null);
  });
}
