import assert from "node:assert/strict";
import { breaksOf, KNOWN_BREAKS } from "../../../rpc/breaks.ts";
import { parseVersion, versionNumber } from "../../../rpc/criu_version.ts";

const names = (criu: string, kernel: string, architecture = "x86_64") =>
  breaksOf(parseVersion(`Version: ${criu}\n`)!, kernel, architecture).map(({ references }) => references[0]);

const ROWS: readonly (readonly [criu: string, kernel: string, architecture: string, breaks: readonly string[]])[] = [
  ["4.2", "6.18.44", "x86_64", []],
  ["4.2.1", "6.18.44-fc", "aarch64", []],
  ["4.1.1", "6.18.44", "x86_64", []],
  ["4.1", "6.16.0", "x86_64", ["criu#2694"]],
  ["4.1", "6.15.9", "x86_64", []],
  ["4.0", "6.13.0", "x86_64", ["criu#2532"]],
  ["4.0", "6.12.99", "x86_64", []],
  ["4.0", "6.11", "aarch64", ["linux@48f6430505c0"]],
  ["4.1.1", "6.12.1", "aarch64", ["criu#2751"]],
  ["3.17.1", "6.18.44", "x86_64", ["criu#1916", "criu#2532", "criu#2694"]],
  ["3.17.1", "6.1.0-18-amd64", "x86_64", ["criu#1916"]],
  ["3.16.1", "5.15.0-46-generic", "x86_64", ["criu#1696"]],
  ["3.16.1", "4.17.0", "x86_64", []],
  ["4.2.1", "7.1.0-rc1", "x86_64", ["criu#3002"]],
  ["4.10", "7.2", "x86_64", []],
  ["4.1", "unknown", "x86_64", []],
];
for (const [criu, kernel, architecture, breaks] of ROWS) {
  Deno.test(`criu ${criu} on Linux ${kernel} ${architecture} meets ${breaks.join(", ") || "no known break"}`, () => {
    assert.deepEqual(names(criu, kernel, architecture), breaks);
  });
}

Deno.test("a build from git is not judged by its number", () => {
  const version = parseVersion("Version: 4.0\nGitID: v4.0-200-gabcdef\n")!;
  assert.deepEqual(breaksOf(version, "6.18", "x86_64"), []);
});

Deno.test("every known break says where it is from", () => {
  for (const { references, since, fixedIn } of KNOWN_BREAKS) {
    assert(references.length > 0);
    for (const one of references) assert.match(one, /^([a-z-]+\/)?[a-z]+(#\d+|@[0-9a-f]{9,12})$/);
    assert.match(since, /^\d+\.\d+$/);
    assert.match(fixedIn ?? "0.0", /^\d+\.\d+(\.\d+)?$/);
  }
});

Deno.test("engines make a number of a version, of one from git that of the next minor release", () => {
  const number = (text: string) => versionNumber(parseVersion(text)!);
  assert.equal(number("Version: 4.2.1\n"), 40201);
  assert.equal(number("Version: 3.11\n"), 31100);
  assert.equal(number("Version: 4.2\nGitID: v4.2-31-g2cf8f\n"), 40300);
  assert.equal(number("Version: 4.1.1\nGitID: v4.1.1-5-gabc\n"), 40200);
});
