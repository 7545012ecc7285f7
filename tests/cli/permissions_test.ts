/** What the program may do: nothing by Deno's own API, and no code but its own. */
import assert from "node:assert/strict";
import { BINARY, onTerminal, ROOT, run } from "./binary.ts";

/** What `deno compile` adds behind the runtime, an ELF file that ends with its section headers (elf(5)). */
function addedPart(): string {
  const bytes = Deno.readFileSync(BINARY);
  const header = new DataView(bytes.buffer);
  const [shoff, shentsize, shnum] = [
    Number(header.getBigUint64(0x28, true)),
    header.getUint16(0x3a, true),
    header.getUint16(0x3c, true),
  ];
  const added = bytes.subarray(shoff + shentsize * shnum);
  assert.ok(added.length > 1000, "the compiled program has another form than this test knows");
  return new TextDecoder("latin1").decode(added);
}

Deno.test("permissions: ffi and nothing else is compiled in, without a question to the user", () => {
  const found = /"permissions":(\{[^}]*\})/.exec(addedPart());
  assert.ok(found, "no permissions in the binary");
  const permissions: Record<string, unknown> = JSON.parse(found[1]!);
  assert.deepEqual(permissions.allow_ffi, []);
  assert.equal(permissions.prompt, false);
  // Hosts that may send code are named by default; all are denied, which weighs more.
  assert.deepEqual(permissions.deny_import, []);
  for (const [name, value] of Object.entries(permissions)) {
    if (["allow_ffi", "prompt", "allow_import", "deny_import"].includes(name)) continue;
    assert.equal(value, null, name);
  }
});

Deno.test("permissions: no code cache, which would be a file in /tmp that is trusted at the next start", () => {
  assert.match(addedPart(), /"code_cache_key":null/);
});

Deno.test("permissions: nothing embedded has a computed import", () => {
  const code = addedPart();
  assert.ok(code.includes("map_files"), "the program's own code is not readable in the binary");
  for (const [text] of code.matchAll(/\bimport\s*\([^)]{0,60}/g)) {
    assert.match(text, /^import\s*\(\s*["'][^"'`$]+["']$/);
  }
  for (const [text] of code.matchAll(/\bimport\.meta\.resolve\b|\bnew Worker\(|\bcreateRequire\b/g)) assert.fail(text);
});

Deno.test("permissions: the sources have no computed import", () => {
  let files = 0;
  const look = (folder: string) => {
    for (const entry of Deno.readDirSync(folder)) {
      const path = `${folder}/${entry.name}`;
      if (
        entry.name.startsWith(".") || (folder === ROOT && ["dist", "docs", "scripts", "tests"].includes(entry.name))
      ) {
        continue;
      }
      if (entry.isDirectory) look(path);
      if (!entry.isFile || !entry.name.endsWith(".ts")) continue;
      files++;
      const source = Deno.readTextFileSync(path);
      for (const [text] of source.matchAll(/\bimport\s*\([^)]*\)/g)) {
        assert.match(text, /^import\s*\(\s*"\.{1,2}\/[\w./-]+"(,\s*\{[^}]*\}\s*)?\)$/, `${path}: ${text}`);
      }
      assert.doesNotMatch(source, /\beval\(|new Function\(|new Worker\(/, path);
    }
  };
  look(ROOT);
  assert.ok(files > 20);
});

Deno.test("permissions: a program compiled in the same way can do nothing by Deno's own API", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const built = await run([`${ROOT}/scripts/compile`, `${folder}/escape`], {
      // The build needs what this test was started with: the cache of the toolchain, and the way to the network.
      env: { ...Deno.env.toObject(), CREADY_ENTRY: `${ROOT}/tests/cli/programs/escape.ts` },
    });
    assert.equal(built.code, 0, built.stderr);
    const { code, stdout, stderr } = await run([`${folder}/escape`]);
    assert.equal(code, 0, stderr);
    const outcomes: Record<string, string> = JSON.parse(stdout);
    assert.ok(Object.keys(outcomes).length >= 20);
    for (const [what, outcome] of Object.entries(outcomes)) assert.equal(outcome, "NotCapable", what);
    // On a terminal nobody is asked either.
    const there = await onTerminal([0, 1, 2], [], { program: `${folder}/escape`, env: { TERM: "xterm" } });
    assert.deepEqual(JSON.parse(there.terminal), outcomes);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
