/** The target goes on as if nobody looked: what an inspection costs its own calls, and those who wait for it. */
import assert from "node:assert/strict";
import { cready } from "../cli/binary.ts";
import { Target } from "./target.ts";

/** What an inspection may add to the slowest of what is measured. */
const LIMIT_US = 5000;
const ROUNDS = 10;
/** A loaded machine disturbs too, by more than it does in so many rounds: then more of them tell. */
const BATCHES = 5;

/** The slowest that a target says of the time between two moments, microseconds. */
async function slowest(target: Target, from: number, to: number): Promise<number> {
  const records = () => target.errors.split("\n").slice(0, -1).map((line) => line.split(" ").map(Number));
  while ((records().at(-1)?.[0] ?? 0) <= to) await new Promise((done) => setTimeout(done, 10));
  const within = records().filter(([at]) => at! >= from && at! <= to).map(([, time]) => time!);
  assert.notEqual(within.length, 0, `the target said nothing between ${from} and ${to}: ${target.errors.slice(-200)}`);
  return Math.max(...within);
}

/** The slowest while a process is inspected. */
async function whileInspected(target: Target, pid: number): Promise<number> {
  const from = Date.now();
  const { code, stderr } = await cready(["inspect", "-q", `${pid}`]);
  assert.ok(code !== 2 && code <= 4, `exit code ${code}: ${stderr}`);
  return await slowest(target, from, Date.now());
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

/** Inspects a target and, in turn, one that it has nothing to do with: the machine is as busy with both. */
async function measure(name: string): Promise<void> {
  await using target = await Target.start(name);
  await using other = await Target.start("plain");
  const during: number[] = [], beside: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    for (let round = 0; round < ROUNDS; round++) {
      beside.push(await whileInspected(target, other.pid));
      during.push(await whileInspected(target, target.pid));
    }
    if (median(during) - median(beside) <= LIMIT_US) return;
  }
  assert.fail(`inspected: ${during.join(", ")} µs; while another one is: ${beside.join(", ")} µs`);
}

Deno.test("mmap of a target is not held up by more than 5 ms", () => measure("mapper"));

Deno.test("who waits for a target to close its end hears of it at most 5 ms later", () => measure("closer"));
