import assert from "node:assert/strict";
import { parseCriuConfig } from "../../../inspect/criu_config.ts";

const CASES: readonly (readonly [line: string, name: string | null, value: string | null])[] = [
  ["tcp-established", "tcp-established", null],
  ["  tcp-close  ", "tcp-close", null],
  ["ghost-limit 4M", "ghost-limit", "4M"],
  ["ghost-limit\t4M", "ghost-limit", "4M"],
  ['lsm-profile "selinux:some thing"', "lsm-profile", "selinux:some thing"],
  ['external "mnt[/a\\"b]:k"', "external", 'mnt[/a"b]:k'],
  ['empty-ns ""', "empty-ns", ""],
  ["verbosity 4 # much", "verbosity", "4"],
  ["file-locks # locks", "file-locks", null],
  ["# nothing", null, null],
  ["", null, null],
  ["   ", null, null],
];

for (const [line, name, value] of CASES) {
  Deno.test(`parseCriuConfig reads ${JSON.stringify(line)}`, () => {
    assert.deepEqual(parseCriuConfig(`${line}\n`, "f"), name === null ? [] : [{ name, value, from: "f" }]);
  });
}

Deno.test("parseCriuConfig reads a file without a last newline, in its order", () => {
  const names = parseCriuConfig("a 1\n#c\n\nb", "f").map((one) => one.name);
  assert.deepEqual(names, ["a", "b"]);
});
