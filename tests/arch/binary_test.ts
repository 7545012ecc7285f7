/** The program that is built here for aarch64, run by qemu-user: what needs no kernel of its own. */
import assert from "node:assert/strict";
import { root } from "./c.ts";

const binary = new URL("dist/cready-aarch64", root);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const run = (program: string | URL, ...args: string[]) => {
  const { code, stdout, stderr } = new Deno.Command(program, { args, stdin: "null" }).outputSync();
  return { code, out: text(stdout), err: text(stderr) };
};
const compile = (...args: string[]) => run(new URL("scripts/compile", root), ...args);
/** The C library lies where the cross compiler has its own. */
const emulated = (...args: string[]) => run("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", binary.pathname, ...args);

const built = compile("--target", "aarch64");

Deno.test("scripts/compile --target aarch64 builds a program for aarch64", () => {
  assert.equal(built.code, 0, built.err);
  const header = new DataView(Deno.readFileSync(binary).buffer, 0, 64);
  assert.deepEqual([header.getUint32(0), header.getUint8(4), header.getUint8(5)], [0x7f454c46, 2, 1]);
  assert.equal(header.getUint16(18, true), 183 /* EM_AARCH64 */);
});

Deno.test("an architecture without pins is one sentence, and nothing is built", () => {
  const { code, out, err } = compile("--target", "riscv64");
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.match(err, /^\w+: [^\n]*\bonly x86_64 and aarch64 are known\.\n$/);
});

for (const words of [["--version"], ["check", "--feature", "list"], ["nonsense"]]) {
  Deno.test(`cready ${words.join(" ")} says the same on both architectures`, () => {
    assert.deepEqual(emulated(...words), run(new URL("dist/cready", root), ...words));
  });
}

Deno.test("the aarch64 program makes its calls by aarch64's numbers, and tells what aarch64 does not have by design", () => {
  // qemu names each call by its number.
  const library = ["-strace", "-L", "/usr/aarch64-linux-gnu"];
  const words = ["check", "--json", "--feature", "can_map_vdso"];
  const { code, out, err } = run("qemu-aarch64", ...library, binary.pathname, ...words);
  assert.match(err, /openat\(AT_FDCWD,"\/proc\/self\/status"/, `${code} ${out} ${err.slice(-2000)}`);
  assert.equal(code, 1, err.slice(-2000));
  const [{ finding }] = JSON.parse(out);
  assert.equal(finding.verdict, "UNSUPPORTED");
  assert.equal(finding.reason, "aarch64 has no arch_prctl(2)");
  assert.deepEqual(finding.remedies.map(({ cause }: { cause: string }) => cause), ["ARCHITECTURE"]);
});
