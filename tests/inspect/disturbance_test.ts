/** The target goes on as if nobody looked: what an inspection costs its own calls. */
import assert from "node:assert/strict";
import { cready } from "../cli/binary.ts";
import { Target } from "./target.ts";

/** What an inspection may add to the slowest mmap of its target. */
const LIMIT_US = 5000;
/** A loaded machine disturbs too: it is enough that one round of many stays below. */
const ROUNDS = 12;

/** The next number that the target says, microseconds. */
async function slowest(target: Target): Promise<number> {
  const lines = () => target.errors.split("\n").slice(0, -1);
  const now = lines().length;
  // The line that is being made has a part of what was before.
  while (lines().length < now + 2) await new Promise((done) => setTimeout(done, 20));
  return Number(lines()[now + 1]);
}

Deno.test("mmap of a target with 64 MiB is not held up by more than 5 ms", async () => {
  await using target = await Target.start("mapper");
  const added: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = await slowest(target);
    let done = false;
    const inspecting = (async () => {
      while (!done) assert.equal((await cready(["inspect", "-q", `${target.pid}`])).code, 0);
    })();
    const during = await slowest(target);
    done = true;
    await inspecting;
    added.push(during - before);
    if (added.at(-1)! <= LIMIT_US) return;
  }
  assert.fail(`each of ${ROUNDS} rounds added more: ${added.join(", ")} µs`);
});
