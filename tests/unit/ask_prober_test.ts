/** When a subscription asks the kernel again. */
import assert from "node:assert/strict";
import type { Finding, Verdict } from "../../probes/probe.ts";
import type { Answers } from "../../server/answers.ts";
import { AskProber } from "../../server/ask_prober.ts";
import { findingOf } from "./finding.ts";

/** Answers that a test writes down beforehand: one row a round. */
function scripted(rounds: readonly (readonly [surroundings: string, verdict: Verdict])[]) {
  let round = -1;
  const asked: string[] = [];
  const answers = {
    facts: () => Promise.resolve({ host: {} }),
    surroundings: () => {
      if (++round >= rounds.length) return new Promise<string>(() => {});
      asked.push("surroundings");
      return Promise.resolve(rounds[round]![0]);
    },
    findings: () => {
      asked.push("findings");
      return Promise.resolve([Promise.resolve(findingOf(rounds[round]![1]))]);
    },
  };
  return { answers: answers as unknown as Answers, asked };
}

/** Takes the waiting out of time. */
async function atOnce<T>(test: () => Promise<T>): Promise<T> {
  const real = globalThis.setTimeout;
  globalThis.setTimeout = ((work: () => void) => real(work, 0)) as typeof setTimeout;
  try {
    return await test();
  } finally {
    globalThis.setTimeout = real;
  }
}

async function taken(stream: AsyncIterable<Finding>, count: number): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for await (const { verdict } of stream) {
    verdicts.push(verdict);
    if (verdicts.length === count) break;
  }
  return verdicts;
}

Deno.test("AskProber.changes asks again only when the surroundings changed, and tells only what changed", async () => {
  const { answers, asked } = scripted([
    ["a", "SUPPORTED"],
    ["a", "BLOCKED"], // not looked at: nothing around it changed
    ["b", "SUPPORTED"], // looked at: the verdict is the same
    ["b", "SUPPORTED"],
    ["c", "BLOCKED"],
    ["c", "BLOCKED"],
    ["a", "SUPPORTED"],
  ]);
  const ask = new AskProber(answers, new AbortController().signal, true);
  assert.deepEqual(await atOnce(async () => await taken(await ask.changes("ALL", 30), 2)), ["BLOCKED", "SUPPORTED"]);
  assert.deepEqual(
    asked.join(" "),
    [
      "surroundings findings",
      "surroundings",
      "surroundings findings",
      "surroundings",
      "surroundings findings",
      "surroundings",
      "surroundings findings",
    ].join(" "),
  );
});

Deno.test("AskProber.changes ends when nobody listens any more", async () => {
  const { answers } = scripted([["a", "SUPPORTED"]]);
  const gone = new AbortController();
  const stream = (await new AskProber(answers, gone.signal, true).changes("ALL", 86_400))[Symbol.asyncIterator]();
  const next = stream.next();
  await new Promise((resolve) => setTimeout(resolve, 0));
  gone.abort();
  assert.deepEqual(await next, { done: true, value: undefined });
});
