/** Which inspections a subscription tells of. */
import assert from "node:assert/strict";
import type { InspectionRecord } from "../../report/inspection_record.ts";
import { processFault } from "../../resolvers/argument.ts";
import { inspectionsThatDiffer, untilGone } from "../../resolvers/watch_inspection.ts";
import { INSPECTION } from "../schema/inspection.ts";

/** The durations of what is told of a series of looks; each has its own. */
async function told(looks: readonly (Partial<InspectionRecord> | "gone" | "unreadable")[], sleeps = 100) {
  const [first, ...later] = looks;
  let at = 0, slept = 0;
  const look = untilGone(() => {
    const next = later[at++] ?? "gone";
    if (next === "gone") return Promise.reject(processFault("PROCESS_GONE", ""));
    if (next === "unreadable") return Promise.reject(processFault("PROCESS_UNREADABLE", ""));
    return Promise.resolve({ ...INSPECTION, durationMs: at, ...next });
  });
  const durations: number[] = [];
  const start = { ...INSPECTION, durationMs: 0, ...(first as Partial<InspectionRecord>) };
  const stream = inspectionsThatDiffer(start, look, () => Promise.resolve(slept++ < sleeps));
  for await (const { durationMs } of stream) durations.push(durationMs);
  return durations;
}

Deno.test("the first inspection is told, and what says the same is not", async () => {
  assert.deepEqual(await told([{}, {}, { tasks: 9, assumptions: [] }, {}]), [0]);
});

Deno.test("other verdicts, options and obstacles are told", async () => {
  const obstacles = INSPECTION.obstacles.slice(1);
  assert.deepEqual(
    await told([{}, { dump: "BLOCKED" }, {}, { restore: "REFUSED" }, { options: [] }, { options: [], obstacles }, {}]),
    [0, 1, 2, 3, 4, 5, 6],
  );
});

Deno.test("a tree that cannot be looked at for once is looked at again; the end of the process is the end", async () => {
  assert.deepEqual(await told([{}, "unreadable", {}, { dump: "UNKNOWN" }, "gone", {}]), [0, 3]);
});

Deno.test("it ends when nobody waits any more", async () => {
  assert.deepEqual(await told([{}, { dump: "BLOCKED" }, {}], 1), [0, 1]);
});

Deno.test("another fault is an error", async () => {
  const look = untilGone(() => Promise.reject(new TypeError("a bug")));
  await assert.rejects(look(), TypeError);
});
