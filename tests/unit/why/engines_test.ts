import assert from "node:assert/strict";
import { exitCode } from "../../../why/diagnosis.ts";
import { type Engine, ENGINE_NAMES, ENGINE_TITLES, placement, unquoted } from "../../../why/engines.ts";
import { LogReader } from "../../../why/reader.ts";
import { ENGINE_TEXTS } from "../../testdata/engine_texts.ts";
import { bytes } from "./fill.ts";

for (const { source, text, engine, causes, logFiles, exit } of ENGINE_TEXTS) {
  Deno.test(`an engine's text: ${source}`, () => {
    const reader = new LogReader();
    reader.push(bytes(text));
    const told = reader.end();
    assert.equal(told.engine, engine);
    assert.deepEqual(told.causes.map(({ id, subject }) => subject === null ? id : `${id}: ${subject}`), causes);
    assert.deepEqual(told.logFiles, logFiles);
    assert.equal(told.onlyFailed, exit === 1);
    assert.equal(exitCode(told), exit);
  });
}

Deno.test("texts of every engine but criu itself are among the fixtures", () => {
  const seen = new Set<Engine>(["CRIU", ...ENGINE_TEXTS.map(({ engine }) => engine)]);
  assert.deepEqual(Object.keys(ENGINE_TITLES).filter((engine) => !seen.has(engine as Engine)), []);
  assert.deepEqual([...new Set(Object.values(ENGINE_NAMES))].toSorted(), Object.keys(ENGINE_TITLES).toSorted());
});

Deno.test("an option goes where the engine's criu reads it", () => {
  assert.deepEqual(placement("CRIU", "--ghost-limit SIZE", false), {
    option: null,
    line: "ghost-limit SIZE",
    file: "/etc/criu/default.conf",
  });
  assert.deepEqual(placement("RUNC", "--manage-cgroups=soft", false), {
    option: "--manage-cgroups-mode",
    line: "manage-cgroups soft",
    file: "/etc/criu/runc.conf",
  });
  assert.equal(placement("PODMAN", "--link-remap", true).file, "/etc/criu/crun.conf");
  assert.equal(placement("CRIO", "--file-locks", false).file, "/etc/criu/runc.conf");
});

Deno.test("escaped line breaks and quotes are taken as they were meant", () => {
  assert.equal(unquoted('a \\\\"b\\\\" \\\\n c\\nd'), 'a "b" \n c\nd');
});
