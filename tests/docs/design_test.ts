/** docs/design.md against the code. */
import assert from "node:assert/strict";
import { LAYERS } from "../../scripts/lint_house.ts";
import { ROOT } from "../cli/binary.ts";

const text = Deno.readTextFileSync(`${ROOT}/docs/design.md`);

Deno.test("docs/design.md has every layer, and no other", () => {
  const table = text.split("## The layers")[1]!.split("## ")[0]!;
  const named = [...table.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(\w+)\/`/g)].map(([, name]) => name!)
  );
  assert.deepEqual(named.sort(), Object.keys(LAYERS).concat("proto").sort());
});

Deno.test("every file that docs/design.md and SECURITY.md name is there", () => {
  const all = text + Deno.readTextFileSync(`${ROOT}/SECURITY.md`);
  const named = [...all.matchAll(/`((?:\.\/)?[a-z_]+(?:\/[\w.]+)*\/(?:[\w.-]+)?|\w+\.ts)`/g)].map(([, path]) => path!);
  assert(named.length > 30, named.join(" "));
  const missing = named.filter((path) => path.includes("/") && !/NAME|[A-Z]{3}/.test(path) && !there(path));
  assert.deepEqual(missing, []);
});

function there(path: string): boolean {
  try {
    return !!Deno.statSync(`${ROOT}/${path}`);
  } catch {
    return false;
  }
}
