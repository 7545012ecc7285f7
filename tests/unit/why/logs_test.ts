/** Logs of dumps and restores that really failed, made with criu 4.2.1 on Linux 6.18 and shortened to what tells. */
import assert from "node:assert/strict";
import { exitCode } from "../../../why/diagnosis.ts";
import { LogReader } from "../../../why/reader.ts";
import { EXPECTED } from "../../testdata/logs.ts";

const FOLDER = new URL("../../testdata/logs/", import.meta.url);

function diagnose(name: string) {
  const reader = new LogReader();
  reader.push(Deno.readFileSync(new URL(name, FOLDER)));
  return reader.end();
}

Deno.test("every log has its row, and every row its log", () => {
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name.replace(/\.log$/, ""));
  assert.deepEqual(names.toSorted(), Object.keys(EXPECTED).toSorted());
});

for (const [name, expected] of Object.entries(EXPECTED)) {
  Deno.test(`the log of ${name} is solved`, () => {
    const told = diagnose(`${name}.log`);
    assert.equal(
      told.causes.map(({ id, subject }) => subject === null ? id : `${id}: ${subject}`).join("; "),
      expected,
    );
    assert.deepEqual(told.unknown, []);
    assert.equal(exitCode(told), 0);
  });
}
