/** The manual pages as man(1) shows them; tests/docs runs their examples. */
import assert from "node:assert/strict";
import { COMMANDS } from "../../cli/commands.ts";
import { manPages } from "../../scripts/generate/man.ts";
import { MAN_SECTIONS } from "../../scripts/generate/man_sections.ts";
import { ROOT, run } from "../cli/binary.ts";

const PAGES = [...manPages()];
const UTF8 = { LC_ALL: "C.UTF-8", MANROFFSEQ: "", MANWIDTH: "80" };

for (const [name] of PAGES) {
  Deno.test(`man --warnings has none for ${name}`, async () => {
    const path = `${ROOT}/packaging/man/${name}`;
    const { code, stdout, stderr } = await run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path], {
      env: UTF8,
    });
    assert.deepEqual([code, stderr], [0, ""]);
    assert(stdout.length > 1000, "an empty page");
  });
}

/** A page as text, without what overprinting makes bold. */
async function shown(name: string): Promise<string> {
  const { stdout } = await run(["man", "-E", "UTF-8", "-l", `${ROOT}/packaging/man/${name}`], {
    env: { ...UTF8, MAN_KEEP_FORMATTING: "", MANPAGER: "cat", MANWIDTH: "300" },
  });
  // deno-lint-ignore no-control-regex -- as col -b does
  return stdout.replace(/.\x08/g, "").replace(/\x1b\[\d*m/g, "");
}

Deno.test("every command has a page that names each of its options, and cready(1) names every command", async () => {
  const main = await shown("cready.1");
  for (const { name, summary, load } of COMMANDS) {
    assert(main.includes(`cready-${name}(1)`), name);
    const page = await shown(`cready-${name}.1`);
    assert(page.replaceAll(/\s+/g, " ").includes(`cready-${name} - ${summary}`), page.slice(0, 300));
    for (const { name: option, short } of (await load()).OPTIONS) {
      assert(page.includes(`--${option}`), `${name} --${option}`);
      if (short) assert(page.includes(`-${short}, --${option}`), `${name} -${short}`);
    }
  }
});

Deno.test("no page is left of a command that is no more", () => {
  const there = [...Deno.readDirSync(`${ROOT}/packaging/man`)].map(({ name }) => name).sort();
  assert.deepEqual(there, PAGES.map(([name]) => name).sort());
  const known = new Set(["cready", ...COMMANDS.map(({ name }) => name)]);
  for (const name of Object.keys(MAN_SECTIONS)) assert(known.has(name), name);
});
