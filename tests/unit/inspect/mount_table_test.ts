import assert from "node:assert/strict";
import { MountTable } from "../../../inspect/mount_table.ts";
import { fakeTree } from "./fake_tree.ts";

const LINES = [
  "27 1 254:0 / / rw - ext4 /dev/vda rw",
  "24 27 0:6 / /dev rw - devtmpfs devtmpfs rw",
  "26 24 0:24 / /dev/pts rw - devpts devpts rw",
  "29 26 0:26 / /dev/pts rw - devpts devpts rw",
  "40 27 0:40 / /a rw - tmpfs a rw",
  "41 40 0:41 / /a/b rw - tmpfs b rw",
  "42 27 0:42 / /a rw - tmpfs over rw",
  "43 27 0:43 / /ab rw - tmpfs ab rw",
];

function covered(id: number, lines = LINES, options: string[] = []): boolean | undefined {
  using tree = fakeTree({ mountinfo: lines.map((line) => `${line}\n`).join(""), options });
  using table = new MountTable(tree);
  const known = table.get(id);
  return known && table.covered(known);
}

for (
  const [id, expected, why] of [
    [27, false, "the root"],
    [24, false, "one with others below it"],
    [26, true, "one that a child covers"],
    [29, false, "the child"],
    [40, true, "one that a later sibling covers"],
    [41, true, "one below such a mount"],
    [42, true, "one that an earlier sibling lies on, as criu counts"],
    [43, false, "one whose name only begins alike"],
  ] as const
) {
  Deno.test(`${why} is ${expected ? "" : "not "}covered`, () => assert.equal(covered(id), expected));
}

Deno.test("a loop in the list ends", () => {
  assert.equal(covered(50, ["50 51 0:1 / /x rw - tmpfs a rw", "51 50 0:1 / /y rw - tmpfs a rw"]), false);
});

Deno.test("mounts that the plan passes over are not known", () => {
  assert.equal(covered(43, LINES, ["--skip-mnt /ab"]), undefined);
});

Deno.test("mounts are found by their device", () => {
  using tree = fakeTree({ mountinfo: LINES.map((line) => `${line}\n`).join("") });
  using table = new MountTable(tree);
  assert.deepEqual(table.ofDevice(0, 24).map(({ mount }) => mount.id), [26]);
  assert.deepEqual(table.ofDevice(9, 9), []);
});
