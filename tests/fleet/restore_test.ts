/**
 * Dumps that the real criu makes, judged by `cready compare --images` and then really restored by criu, with the options
 * that cready names: each in pid, mount and network namespaces of its own, which end with it.
 */
import assert from "node:assert/strict";
import { CRIU, Folder, ran } from "./program.ts";
import { IN_MOUNT_NAMESPACE, ROWS, SLEEP } from "./restore_rows.ts";

const root = new URL("../../", import.meta.url);

/** What tests/fleet/restore.py prints. */
interface Result {
  readonly dump: number;
  readonly code: number;
  readonly stderr: string;
  readonly said: { verdict: string; command: string; items: { id: string; severity: string; reason: string }[] } | null;
  readonly restore: number;
  readonly errors: readonly string[];
  readonly alive: boolean;
}

async function tried(task: Readonly<Record<string, unknown>>, folder: Folder): Promise<Result> {
  const request = { ...task, work: folder.path, criu: CRIU, cready: new URL("dist/cready", root).pathname };
  const script = new URL("restore.py", import.meta.url).pathname;
  const { code, stdout, stderr } = await ran("unshare", [
    "-pmn",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "python3",
    script,
    JSON.stringify(request),
  ]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

for (const { what, task, blocks, options = [] } of ROWS) {
  Deno.test(`${what}: ${blocks === null ? "good, and criu restores it" : "blocked, and criu fails"}`, async () => {
    await using folder = new Folder();
    const { dump, code, stderr, said, restore, errors, alive } = await tried(task, folder);
    assert.equal(dump, 0, `the dump failed: ${errors}`);
    assert(said, stderr);
    const shown = JSON.stringify(said.items.filter(({ severity }) => severity !== "same"));
    if (blocks === null) {
      assert.equal(restore, 0, `criu does not restore it, cready says ${said.verdict}: ${errors}`);
      assert.equal(alive, true, "what was restored does not run");
      assert.equal(said.verdict, "GOOD", shown);
      assert.equal(code, 0);
    } else {
      assert.notEqual(restore, 0, `criu restores it, cready says ${said.verdict}: ${shown}`);
      assert.equal(said.verdict, "BLOCKED", `${shown}, criu says ${errors}`);
      assert.equal(code, 1);
      const ids = said.items.flatMap(({ id, severity }) =>
        severity === "blocks" ? [id.replace(folder.path, "WORK")] : []
      );
      assert(ids.some((id) => typeof blocks === "string" ? id === blocks : blocks.test(id)), `${ids}`);
    }
    for (const option of options) assert(said.command.includes(option), said.command);
  });
}

Deno.test("a mount namespace of which nobody names the root cannot be told", async () => {
  await using folder = new Folder();
  const { code, said, restore } = await tried(IN_MOUNT_NAMESPACE, folder);
  assert.notEqual(restore, 0);
  assert.equal(said?.verdict, "UNKNOWN");
  assert.equal(code, 4);
});

Deno.test("a dump without its descriptors comes back without them: a risk that criu does not tell", async () => {
  await using folder = new Folder();
  const { code, said, restore } = await tried({ specimen: "file", spoil: ["remove_image", "fdinfo"] }, folder);
  assert.equal(restore, 0);
  assert.equal(said?.verdict, "RISK");
  assert.equal(code, 3);
  assert(said.items.some(({ id, severity }) => /^descriptors\.\d+$/.test(id) && severity === "risk"));
});

Deno.test("an image that is cut off is one sentence and exit code 2, as criu fails", async () => {
  await using folder = new Folder();
  const { code, stderr, said, restore } = await tried({ ...SLEEP, spoil: ["garble", "files.img"] }, folder);
  assert.notEqual(restore, 0);
  assert.equal(said, null);
  assert.equal(code, 2);
  assert.match(stderr, /^Error \(cready\/compare\): files\.img is cut off: [^\n]+\n$/);
});
