import assert from "node:assert/strict";
import { cready, type Result, type Start } from "./binary.ts";
import { lines } from "./expect.ts";

/** A finding as `--ndjson` prints it. */
export interface Printed {
  readonly feature: { readonly id: string; readonly criuName: string | null };
  readonly verdict: "SUPPORTED" | "UNSUPPORTED" | "BLOCKED" | "INCONCLUSIVE";
  readonly reason: string | null;
  readonly evidence: readonly { readonly call: string; readonly answer: string; readonly errno: string | null }[];
  readonly remedies: readonly { readonly cause: string; readonly why: string; readonly text: string }[];
}

/** All that `check --all` finds in some surroundings, by id, and what it wrote to its log. */
export interface Findings {
  readonly byId: ReadonlyMap<string, Printed>;
  readonly result: Result;
}

/** Asks for everything. Goes on after a required check has failed, as every document does. */
export async function findingsOf(start: Start = {}): Promise<Findings> {
  const result = await cready(["check", "--all", "--ndjson", "-v3"], start);
  const all = lines(result.stdout).map((line): Printed => JSON.parse(line));
  return { byId: new Map(all.map((one) => [one.feature.id, one])), result };
}

/** A call with its errno, a file, a kernel option, a limit or a wait: something that can be looked up. */
const CONCRETE = /\bE[A-Z0-9]{3,}\b|\w\(|\/\w|CONFIG_|[A-Z]+_[A-Z_]+|no answer in|\d/;

/** Every answer rests on something, and every one that is not yes is told with it. */
export function assertExplained({ byId, result }: Findings): void {
  for (const [id, { verdict, reason, evidence, remedies }] of byId) {
    const where = `${id} ${verdict}: ${reason}`;
    assert.doesNotMatch(`${reason}`, /cready itself failed/, where);
    if (verdict === "SUPPORTED") {
      assert.equal(reason, null, where);
      continue;
    }
    assert.ok(reason, where);
    // A call that answered, but wrongly, stands among the evidence; any other no names what can be looked up.
    if (verdict !== "UNSUPPORTED" || evidence.length === 0) assert.match(reason, CONCRETE, where);
    const told = lines(result.stderr).some((line) =>
      /^\([\d.]+\) (Error |Warn {2})\(cready\//.test(line) && line.includes(`(cready/${id}): ${reason}`)
    );
    assert.ok(told, `no line on stderr for ${where}`);
    if (verdict === "BLOCKED") {
      assert.ok(remedies.length > 0 && remedies[0]!.cause !== "UNDETERMINED", `no cause is named: ${where}`);
    }
    if (verdict === "INCONCLUSIVE") {
      assert.ok(evidence.length > 0 || /not asked|no answer in/.test(reason), `rests on nothing: ${where}`);
    }
  }
}
