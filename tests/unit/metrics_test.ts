/** How often the gauges of `cready serve` make the prober look. */
import assert from "node:assert/strict";
import type { Report } from "../../server/answers.ts";
import { METRICS_AGE_MS, MetricsHandler } from "../../server/metrics.ts";
import { MACHINE } from "./machine_report.ts";

const REQUEST = {
  method: "GET",
  target: "/metrics",
  version: "1.1",
  headers: new Map([["host", "a:1"]]),
  keepAlive: true,
  body: new Uint8Array(),
} as const;

/** A handler whose prober gives these answers in turn, and how often it was asked. */
function handler(...reports: (() => Promise<Report>)[]) {
  let asked = 0;
  const answers = { report: () => reports[asked++]!() };
  return { metrics: new MetricsHandler(answers, new Set(["a:1"]), 50, () => {}), asked: () => asked };
}

const good = () => Promise.resolve({ report: MACHINE, durationMs: 5 });
const bad = () => Promise.reject(new Error("the prober died"));
const never = () => new Promise<Report>(() => {});

Deno.test("all who ask for gauges within ten seconds share one look, also while it is made", async () => {
  const now = performance.now;
  try {
    let time = 1000;
    performance.now = () => time;
    const { metrics, asked } = handler(good, good);
    const [one, two] = await Promise.all([metrics.answer(REQUEST), metrics.answer(REQUEST)]);
    assert.deepEqual(one, two);
    assert.equal(one.status, 200);
    time += METRICS_AGE_MS;
    await metrics.answer(REQUEST);
    assert.equal(asked(), 1);
    time += 1;
    await metrics.answer(REQUEST);
    assert.equal(asked(), 2);
  } finally {
    performance.now = now;
  }
});

Deno.test("where the prober fails or is late there are no gauges, old ones neither, and the next who asks tries again", async () => {
  for (const failing of [bad, never]) {
    const { metrics } = handler(failing, good);
    const { status, code, body } = await metrics.answer(REQUEST);
    assert.deepEqual([status, code], [504, "REQUEST_TIMEOUT"]);
    assert(!String(body).includes("cready_"));
    if (failing === bad) assert.equal((await metrics.answer(REQUEST)).status, 200);
  }
});
