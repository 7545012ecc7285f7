/** Every constant of the program that has the name of a macro of the headers has its value, on both architectures. */
import assert from "node:assert/strict";
import { aarch64 } from "../../ffi/arch/aarch64.ts";
import type { Arch } from "../../ffi/arch/arch.ts";
import { SYSCALLS, x86_64 } from "../../ffi/arch/x86_64.ts";
import * as uapi from "../../ffi/uapi.ts";
import { macros, root, type Target, TARGETS } from "./c.ts";

const ARCHES: Readonly<Record<Target, Arch>> = { x86_64, aarch64: aarch64() };
const FOLDERS = ["ffi", "proc", "host", "probes", "inspect", "images", "fleet", "rpc", "report", "server", "cli"];

/** Names that mean another thing here than in the headers: functions of some, a mask of more bits, a flag. */
const OTHERS: readonly string[] = ["CMSG_LEN", "CMSG_SPACE", "NLA_TYPE_MASK", "STATX_SIZE"];

/** `const NAME = NUMBER` of the sources, by name; each with the file that has it. */
function declared(): Map<string, { value: number; file: string }[]> {
  const found = new Map<string, { value: number; file: string }[]>();
  const walk = (folder: URL) => {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = new URL(isDirectory ? `${name}/` : name, folder);
      if (isDirectory) walk(path);
      else if (name.endsWith(".ts") && !path.pathname.includes("/arch/")) read(path);
    }
  };
  const read = (path: URL) => {
    for (const [, list] of Deno.readTextFileSync(path).matchAll(/^ *(?:export )?const ([^;{}()"'`]+);/gm)) {
      for (const one of list!.split(/,(?=\s*[A-Z_][A-Z0-9_]*\s*=)/)) {
        const [, name, text] = /^\s*([A-Z_][A-Z0-9_]{2,})\s*=\s*([\dA-Fa-fxob_ <|~&-]+?)n?\s*$/s.exec(one) ?? [];
        if (!name || !text || OTHERS.includes(name)) continue;
        const value = Number(new Function(`return (${text})`)());
        found.set(name, [...found.get(name) ?? [], { value, file: path.pathname.slice(root.pathname.length) }]);
      }
    }
  };
  for (const folder of FOLDERS) walk(new URL(`${folder}/`, root));
  return found;
}

const constants = declared();
/** Signed and unsigned 32 bits are the same. */
const same = (a: number, b: number) =>
  a === b || (a >>> 0 === b >>> 0 && Math.abs(a) < 2 ** 32 && Math.abs(b) < 2 ** 32);

for (const target of Object.keys(TARGETS) as Target[]) {
  Deno.test(`the constants are those of the headers on ${target}`, () => {
    const truth = macros(target, constants.keys());
    const wrong: string[] = [];
    for (const [name, uses] of constants) {
      for (const { value, file } of uses) {
        const real = truth.get(name);
        if (real && !real.some((one) => same(one, value))) wrong.push(`${file}: ${name} = ${value}, not ${real}`);
      }
    }
    assert.deepEqual(wrong, []);
    // Enough to know that the headers were read.
    const known = Object.keys(uapi).filter((name) => truth.has(name));
    assert(known.length > 100, `${known.length} of ${Object.keys(uapi).length} constants of uapi.ts are macros`);
    assert(truth.size > 200, `${truth.size} of ${constants.size} constants are macros`);
  });

  Deno.test(`the system calls have the numbers of the headers on ${target}`, () => {
    const names = Object.keys(SYSCALLS) as (keyof typeof SYSCALLS)[];
    const truth = macros(target, names.map((name) => `__NR_${name}`));
    for (const name of names) {
      const real = truth.get(`__NR_${name}`);
      assert.deepEqual([name, ARCHES[target].syscalls[name]], [name, real?.[0]]);
    }
  });

  Deno.test(`the values that differ between architectures are those of the headers on ${target}`, () => {
    const arch = ARCHES[target];
    const audit = target === "x86_64" ? "AUDIT_ARCH_X86_64" : "AUDIT_ARCH_AARCH64";
    const expected: Readonly<Record<string, number>> = {
      O_DIRECTORY: arch.oDirectory,
      O_NOFOLLOW: arch.oNofollow,
      O_DIRECT: arch.oDirect,
      [audit]: arch.auditArch,
    };
    const truth = macros(target, Object.keys(expected));
    for (const [name, value] of Object.entries(expected)) {
      const real = truth.get(name);
      assert(real?.some((one) => same(one, value)), `${name} is ${value} here and ${real} there`);
    }
  });
}
