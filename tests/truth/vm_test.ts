/** Tasks of other users, where root has all capabilities. */
import assert from "node:assert/strict";
import { specimens } from "./sandbox.ts";
import { forGuest, guest } from "./vm.ts";
import { wrongOf } from "./wrong.ts";

const done = await guest(forGuest(await specimens()), "4.2.1");

Deno.test("tasks of other users are dumped where root has all capabilities", () => {
  assert.ok(done.filter(({ dumped }) => dumped).length >= 5);
});

for (const trial of done) {
  Deno.test(`guest: ${trial.name}`, () => assert.equal(wrongOf(trial), ""));
}
