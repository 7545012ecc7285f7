import assert from "node:assert/strict";
import fc from "fast-check";
import { CPU_BITS, INS_MASK } from "../../cpu/bits.ts";
import { bitNames, compatId, compatText } from "../../cpu/compat_id.ts";
import { type Ask, criuRefuses, vectorFromCpuid } from "../../cpu/from_cpuid.ts";
import { processorsAlike, vectorFromProc } from "../../cpu/from_proc.ts";
import { type CpuVector, hasNamed, x86Level } from "../../cpu/vector.ts";

const word = (text: string) => [...text].reduce((value, char, i) => value + char.charCodeAt(0) * 2 ** (8 * i), 0);

/** A processor whose leaves are these, each as eax, ebx, ecx, edx; the others are zero. */
function asks(vendor: string, leaves: Readonly<Record<string, readonly [number, number, number, number]>>): Ask {
  return (leaf, subleaf) => {
    const key = `${leaf.toString(16)}.${subleaf}`;
    const [eax, ebx, ecx, edx] = leaves[key] ?? [0, 0, 0, 0];
    if (leaf !== 0) return { eax, ebx, ecx, edx };
    return { eax, ebx: word(vendor.slice(0, 4)), edx: word(vendor.slice(4, 8)), ecx: word(vendor.slice(8)) };
  };
}

const FPU = 1, FXSR = 1 << 24, SSE = 1 << 25, XSAVE = 1 << 26, AVX = 1 << 28;

Deno.test("there are the 74 bits that CRIU compares, and each place and name once", () => {
  assert.equal(INS_MASK.reduce((sum, mask) => sum + mask.toString(2).replaceAll("0", "").length, 0), 74);
  assert.equal(CPU_BITS.filter(({ criu }) => criu).length, 74);
  assert.equal(new Set(CPU_BITS.map(({ name }) => name)).size, CPU_BITS.length);
  assert.equal(new Set(CPU_BITS.map(({ word, bit }) => `${word} ${bit}`)).size, CPU_BITS.length);
});

Deno.test("a Pentium 4 has neither good rep nor erms, whatever it says", () => {
  const vector = vectorFromCpuid(
    asks("GenuineIntel", { "0.0": [7, 0, 0, 0], "1.0": [0xf41, 0, 0, FPU], "7.0": [0, 1 << 9, 0, 0] }),
  );
  assert.equal(vector.family, 15);
  assert(!hasNamed(vector, "rep_good") && !hasNamed(vector, "erms") && hasNamed(vector, "nopl"));
});

Deno.test("family and model are put together from their parts", () => {
  const intel = vectorFromCpuid(asks("GenuineIntel", { "0.0": [1, 0, 0, 0], "1.0": [0x000906ed, 0, 0, 0] }));
  assert.deepEqual([intel.family, intel.model, intel.stepping], [6, 0x9e, 13]);
  assert(hasNamed(intel, "rep_good"));
  const amd = vectorFromCpuid(asks("AuthenticAMD", { "0.0": [1, 0, 0, 0], "1.0": [0x00a20f12, 0, 0, 1 << 31] }));
  assert.deepEqual([amd.vendor, amd.family, amd.model, amd.stepping], ["AMD", 0x19, 0x21, 2]);
  assert.equal(amd.words[0], 0, "bit 31 is no 3DNow of AMD's");
  const old = vectorFromCpuid(asks("AuthenticAMD", { "0.0": [1, 0, 0, 0], "1.0": [0x0f50, 0, 0, 0] }));
  assert(!hasNamed(old, "rep_good"));
  assert.equal(vectorFromCpuid(asks("HygonGenuine", { "0.0": [1, 0, 0, 0] })).vendor, "AMD");
});

Deno.test("xsave needs leaf 13, and its components need their features", () => {
  const leaves = {
    "1.0": [0x306c3, 0, XSAVE | AVX, FPU | SSE | FXSR],
    "d.0": [0x7, 832, 832, 0],
    "7.0": [0, 0, 0, 0],
  } as const;
  const old = vectorFromCpuid(asks("GenuineIntel", { ...leaves, "0.0": [0xb, 0, 0, 0] }));
  assert.deepEqual([hasNamed(old, "xsave"), old.xfeatures, old.xsaveSize], [false, 0n, 0]);
  const vector = vectorFromCpuid(asks("GenuineIntel", { ...leaves, "0.0": [0xd, 0, 0, 0] }));
  assert.deepEqual([hasNamed(vector, "xsave"), vector.xfeatures, vector.xsaveSize, vector.xsaveSizeMax], [
    true,
    5n,
    832,
    832,
  ]);
  const more = { ...leaves, "0.0": [0xd, 0, 0, 0], "d.0": [0xe7, 832, 2696, 0] } as const;
  assert.equal(vectorFromCpuid(asks("GenuineIntel", more)).xfeatures, 5n, "no AVX-512, no components of it");
});

Deno.test("what CRIU would not work on is told", () => {
  const vector = (vendor: string, edx: number) =>
    vectorFromCpuid(asks(vendor, { "0.0": [1, 0, 0, 0], "1.0": [0x600, 0, 0, edx] }));
  assert.equal(criuRefuses(vector("GenuineIntel", FPU | FXSR)), null);
  assert.match(criuRefuses(vector("GenuineIntel", FPU))!, /FXSAVE/);
  assert.match(criuRefuses(vector("  Shanghai  ", FPU | FXSR))!, /Intel, AMD/);
});

const PROC = `processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 60
model name\t: A processor
stepping\t: 3
flags\t\t: fpu tsc cx8 cmov mmx fxsr sse sse2 syscall pni ssse3 fma cx16 sse4_1 sse4_2 movbe popcnt xsave avx f16c lahf_lm abm bmi1 avx2 bmi2 user_shstk

processor\t: 1
flags\t\t: fpu
`;

Deno.test("/proc/cpuinfo tells the first processor, and whether the others are like it", () => {
  const vector = vectorFromProc(PROC, 7n)!;
  assert.deepEqual([vector.vendor, vector.family, vector.model, vector.stepping, vector.modelName], [
    "INTEL",
    6,
    60,
    3,
    "A processor",
  ]);
  assert(hasNamed(vector, "osxsave") && hasNamed(vector, "shstk") && !hasNamed(vector, "erms"));
  assert.equal(vector.xfeatures, 5n);
  assert.equal(vector.xsaveSize, undefined);
  assert.equal(compatText(vector), undefined, "no id of what is known by halves");
  assert.equal(x86Level(vector, 7n), 3);
  assert.equal(x86Level(vector, 3n), 2, "AVX that the kernel does not save is none");
  assert.equal(processorsAlike(PROC), false);
  assert.equal(processorsAlike(PROC.split("\n\n")[0]!), true);
  assert.equal(processorsAlike(""), null);
});

const BASE: CpuVector = {
  ...vectorFromProc(PROC, 7n)!,
  xsaveSize: 832,
  xsaveSizeMax: 832,
};

Deno.test("the compat-id is of what decides, and of nothing else", async () => {
  const id = await compatId(BASE);
  assert.match(id!, /^[0-9a-f]{12}$/);
  const withBit = (name: string): CpuVector => {
    const { word, bit } = CPU_BITS.find((one) => one.name === name)!;
    if (word === "7.1.eax") {
      return { ...BASE, others: { ...BASE.others!, "7.1.eax": BASE.others!["7.1.eax"] ^ 1 << bit } };
    }
    const words = [...BASE.words];
    const index = word === "1.ecx" ? 4 : word === "7.0.ebx" ? 9 : word === "7.0.edx" ? 18 : -1;
    words[index] = (words[index]! ^ 1 << bit) >>> 0;
    return { ...BASE, words };
  };
  for (const name of ["fma", "erms", "avx512ifma", "amx_tile", "avx_vnni"]) {
    assert.notEqual(await compatId(withBit(name)), id, name);
  }
  for (const name of ["fsrm", "fzrm"]) assert.equal(await compatId(withBit(name)), id, name);
  for (const more of [{ xsaveSize: 1 }, { xsaveSizeMax: 1 }, { xfeatures: 1n }, { vendor: "AMD" as const }]) {
    assert.notEqual(await compatId({ ...BASE, ...more }), id);
  }
  for (const more of [{ stepping: 9 }, { model: 9 }, { modelName: "another" }]) {
    assert.equal(await compatId({ ...BASE, ...more }), id);
  }
  assert.equal(await compatId({ ...BASE, vendor: "OTHER" }), null);
});

Deno.test("any text in the place of /proc/cpuinfo is read or refused", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const vector = vectorFromProc(`${text}\nvendor_id : x\nflags : ${text}`, 1n);
    if (vector) bitNames(vector);
    vectorFromProc(text, undefined);
    processorsAlike(text);
  }));
});
