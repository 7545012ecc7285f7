import assert from "node:assert/strict";
import type { Finding, Probe, Verdict } from "../../probes/probe.ts";
import { Runner } from "../../probes/run.ts";
import { fakeLibc, type FakeMachine } from "./fake_libc.ts";

/** One row: what the machine is, the verdict it must give, and what the reason must say. */
export type Case = readonly [name: string, machine: FakeMachine, verdict: Verdict, reason?: RegExp];

/** Runs a probe against a fake machine; nothing may be left open or alive. */
export function probeOn(probe: Probe, machine: FakeMachine): Finding {
  const libc = fakeLibc(machine);
  const runner = new Runner(libc);
  const finding = runner.probe(probe);
  runner[Symbol.dispose]();
  assert.deepEqual([...libc.open].filter((fd) => fd < 1000), [], "descriptors left open");
  assert.deepEqual([...libc.children], [], "children left alive");
  return finding;
}

/** Declares one test a row. */
export function probeCases(probe: Probe, cases: readonly Case[]): void {
  for (const [name, machine, verdict, reason] of cases) {
    Deno.test(`${probe.id} is ${verdict} when ${name}`, () => {
      const finding = probeOn(probe, machine);
      assert.equal(finding.verdict, verdict, finding.reason ?? "no reason");
      if (verdict === "SUPPORTED") assert.equal(finding.reason, null);
      else assert.doesNotMatch(finding.reason ?? "", /cready itself failed/);
      if (reason) assert.match(finding.reason ?? "", reason);
      if (verdict === "BLOCKED") assert.notEqual(finding.remedies.length, 0);
    });
  }
}
