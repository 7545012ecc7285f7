import assert from "node:assert/strict";
import { GROUPS, probeOf } from "../../probes/groups.ts";
import { CRIU_NAMES } from "../../probes/names.ts";
import { featureNamed } from "../../probes/registry.ts";

Deno.test("each name of criu's leads to its probe, and every probe of a group has its name there", async () => {
  for (const name of CRIU_NAMES) assert.equal(await probeOf(name), featureNamed(name), name);
  assert.equal(await probeOf("no_such_name"), undefined);
  for (const { names, load } of GROUPS) {
    assert.deepEqual((await load()).PROBES.map(({ criuName }) => criuName).sort(), names.split(" ").sort());
  }
});
