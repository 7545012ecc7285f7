/** The answer about a process: the same from the command line, from a query, and on its way from the prober. */
import assert from "node:assert/strict";
import { featureNamed } from "../../probes/registry.ts";
import { inspectionJson } from "../../report/inspection_json.ts";
import { packed, unpacked } from "../../report/packed_inspection.ts";
import { cready, ROOT } from "../cli/binary.ts";
import { lockHolder } from "../cli/lock_holder.ts";
import { INSPECTION } from "./inspection.ts";
import { executed, FakeAsk } from "./schema.ts";

const NO_REPORT = undefined as never;
const criuName = (id: string) => featureNamed(id)!.criuName;

Deno.test("inspectionJson gives the bytes of data.process.inspection of the executed document", async () => {
  const data = await executed("inspection.graphql", { by: { pid: 4711 } }, new FakeAsk([], NO_REPORT, INSPECTION));
  const { inspection } = data.process as { inspection: unknown };
  assert.equal(JSON.stringify(inspectionJson(INSPECTION, criuName)), JSON.stringify(inspection));
});

Deno.test("an inspection is the same after its way from the prober", () => {
  const there: typeof INSPECTION = unpacked(JSON.parse(JSON.stringify(packed(INSPECTION))));
  assert.deepEqual(there, INSPECTION);
  assert.equal(there.options[0]!.obstacles[0], there.obstacles[0]);
});

Deno.test("of an inspection with too many obstacles the first ones come, and how many there are", () => {
  const there: typeof INSPECTION = unpacked(JSON.parse(JSON.stringify(packed(INSPECTION, 1))));
  assert.deepEqual(there.obstacles, INSPECTION.obstacles.slice(0, 1));
  assert.deepEqual(there.totals, { DUMP: 1, RESTORE: 1 });
  // An option names only obstacles that came.
  const lifting = { ...INSPECTION.options[0]!, obstacles: INSPECTION.obstacles, obstaclesTotal: 2 };
  const [option] = unpacked(packed({ ...INSPECTION, options: [lifting] }, 1)).options;
  assert.deepEqual([option!.obstacles, option!.obstaclesTotal], [INSPECTION.obstacles.slice(0, 1), 2]);
});

/** The time that it took is the only thing that may differ. */
const timeless = (text: string) => text.replace(/"durationMs":[0-9.]+/, '"durationMs":0');

Deno.test("inspect --json prints data.process.inspection of cready query -f schema/inspection.graphql", async () => {
  await using held = await lockHolder();
  const pid = held.pid;
  const inspected = await cready(["inspect", "--json", `${pid}`]);
  const asked = await cready([
    "query",
    "-f",
    `${ROOT}/schema/inspection.graphql`,
    "--variables",
    `{"by":{"pid":${pid}}}`,
  ]);
  assert.equal(asked.code, 0, asked.stdout + asked.stderr);
  assert.match(inspected.stdout, /"rule":"lock-any"/);
  assert.equal(timeless(asked.stdout), `{"data":{"process":{"inspection":${timeless(inspected.stdout).trim()}}}}\n`);
});
