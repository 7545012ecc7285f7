/** `cready check` in criu's place, as programs use the command line of criu: by exit code and by line starts. */
import assert from "node:assert/strict";
import { BINARY, cready, run } from "../cli/binary.ts";
import { CRIU, TRUTH } from "./machine.ts";

/** lxc runs `criu check --feature NAME` with nowhere to write, and keeps the exit code (src/lxc/criu.c). */
async function asLxc(program: string, name: string): Promise<number> {
  const script = '"$0" check --feature "$1" <&- >/dev/null 2>&1';
  return (await run(["sh", "-c", script, program, name])).code;
}

for (const [name, truth] of [["mem_dirty_track", TRUTH.mem_track], ["uffd-noncoop", TRUTH.lazy_pages]] as const) {
  Deno.test(`as lxc: the exit code of check --feature ${name} is criu's`, async () => {
    assert.equal(await asLxc(BINARY, name), truth ? 0 : 1);
    assert.equal(await asLxc(BINARY, name), await asLxc(CRIU, name));
  });
}

Deno.test("as lxc: a feature that does not exist is a failure, and no crash", async () => {
  assert.equal(await asLxc(BINARY, "no_such_feature"), 1);
  assert.equal(await asLxc(CRIU, "no_such_feature"), 1);
});

Deno.test("as a script: if cready check --feature NAME; then", async () => {
  const script = 'if "$0" check --feature mem_dirty_track >/dev/null 2>&1; then echo pre-dump; else echo plain; fi';
  const { stdout } = await run(["sh", "-c", script, BINARY]);
  assert.equal(stdout, TRUTH.mem_track ? "pre-dump\n" : "plain\n");
});

/** cedana reads both streams together and sorts lines by how they start (internal/cedana/criu/checks.go). */
async function asCedana(program: string, words: readonly string[]) {
  const { code, stdout } = await run(["sh", "-c", '"$0" check "$@" 2>&1', program, ...words]);
  const lines = stdout.split("\n");
  return {
    code,
    warnings: lines.filter((line) => line.startsWith("Warn")),
    errors: lines.filter((line) => line.startsWith("Error")),
  };
}

for (const words of [[], ["--all"]]) {
  Deno.test(`as cedana: Warn and Error lines of check ${words.join(" ")} are there where something is missing`, async () => {
    const ours = await asCedana(BINARY, words);
    const document = JSON.parse((await cready(["check", ...words, "--json"])).stdout);
    const told = document.findings.filter(({ verdict, criuDiffers }: { verdict: string; criuDiffers: unknown }) =>
      verdict !== "SUPPORTED" || criuDiffers !== null
    );
    assert.equal(ours.warnings.length + ours.errors.length, told.length);
    for (const { feature } of told) {
      assert([...ours.warnings, ...ours.errors].some((line) => line.includes(`(cready/${feature.id}): `)), feature.id);
    }
    assert.equal(ours.code, (await asCedana(CRIU, words)).code);
  });
}

Deno.test("--version stays one line that is nobody's else", async () => {
  const { code, stdout } = await cready(["--version"]);
  assert.equal(code, 0);
  assert.match(stdout, /^cready \d+\.\d+\.\d+ \(answers as criu check 4\.2\)\n$/);
});
