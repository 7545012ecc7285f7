import assert from "node:assert/strict";
import { probeNamed } from "../../cli/features.ts";
import { GROUPS } from "../../probes/groups.ts";
import { CRIU_NAMES } from "../../probes/names.ts";
import { featureNamed } from "../../probes/registry.ts";

Deno.test("each name leads to its probe, whether a group has it or not", async () => {
  for (const name of [...CRIU_NAMES, "clone_parent_newpid", "map_files"]) {
    assert.equal(await probeNamed(name), featureNamed(name), name);
  }
});

Deno.test("the names of a group are those of its probes, and each is criu's", async () => {
  for (const { names, load } of GROUPS) {
    const words = names.split(" ");
    assert.deepEqual((await load()).PROBES.map(({ criuName }) => criuName).sort(), words.toSorted());
    assert.deepEqual(words.filter((word) => !CRIU_NAMES.includes(word)), []);
  }
});
