import type { CpuVector, CpuVendor } from "./vector.ts";

/** Asks the processor for one leaf and subleaf of CPUID. */
export type Ask = (leaf: number, subleaf: number) => {
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
};

/** Places in CRIU's words. */
const W = {
  "1.edx": 0,
  "80000001.edx": 1,
  linux1: 3,
  "1.ecx": 4,
  "80000001.ecx": 6,
  "7.0.ebx": 9,
  "d.1.eax": 10,
  "7.0.ecx": 11,
  "f.1.edx": 12,
  "80000008.ebx": 13,
  "6.eax": 14,
  "8000000a.edx": 15,
  "f.0.edx": 16,
  "80000007.ebx": 17,
  "7.0.edx": 18,
} as const;

/** A bit of CRIU's words by the kernel's numbering: word × 32 + bit. */
const at = (word: number, bit: number) => word * 32 + bit;
const XSAVE = at(W["1.ecx"], 26), FXSR = at(W["1.edx"], 24), FPU = at(W["1.edx"], 0);
const NOPL = at(W.linux1, 20), REP_GOOD = at(W.linux1, 16), CPUID = at(W.linux1, 25);
const ERMS = at(W["7.0.ebx"], 9), CQM_LLC = at(W["f.0.edx"], 1), NO_3DNOW = at(W["1.edx"], 31);

/** The feature that each xsave component belongs to; without it CRIU does not count the component. */
const COMPONENT_NEEDS = [
  FPU,
  at(W["1.edx"], 25), // SSE
  at(W["1.ecx"], 28), // AVX
  at(W["7.0.ebx"], 14), // MPX, two components
  at(W["7.0.ebx"], 14),
  at(W["7.0.ebx"], 16), // AVX-512, three components
  at(W["7.0.ebx"], 16),
  at(W["7.0.ebx"], 16),
  at(W["7.0.ebx"], 25), // processor trace
  at(W["7.0.ecx"], 3), // protection keys
  at(W["6.eax"], 13), // hardware duty cycling
];
/** Components that CRIU knows at all. */
const KNOWN_COMPONENTS = 0x2ffn;
/** CRIU means to leave out supervisor components, yet its mask is 0x100 | 10: it takes SSE's and one of MPX's bits out too. */
const LEFT_OUT_COMPONENTS = 0x10an;

/** Thrown where CRIU itself would not go on. */
export class CpuError extends Error {
  override readonly name = "CpuError";
}

/**
 * Reads the processor as CRIU 4.2 does (compel's reading of CPUID), so that the words are those of its cpuinfo.img,
 * with the registers that CRIU leaves out beside them.
 */
export function vectorFromCpuid(ask: Ask): CpuVector {
  const top = ask(0, 0);
  const vendorId = text([top.ebx, top.edx, top.ecx]);
  const vendor = vendorOf(vendorId);
  const level = top.eax;
  const leaf1 = ask(1, 0);
  const { family, model, stepping } = signature(leaf1.eax);
  const words = new Uint32Array(19);
  const test = (bit: number) => (words[bit >> 5]! >>> (bit & 31) & 1) === 1;
  const set = (bit: number) => void (words[bit >> 5]! |= 1 << (bit & 31));
  const clear = (bit: number) => void (words[bit >> 5]! &= ~(1 << (bit & 31)));

  words[W["1.edx"]] = leaf1.edx;
  words[W["1.ecx"]] = leaf1.ecx;
  if (level >= 6) words[W["6.eax"]] = ask(6, 0).eax;
  if (level >= 7) {
    [words[W["7.0.ebx"]], words[W["7.0.ecx"]], words[W["7.0.edx"]]] = [ask(7, 0).ebx, ask(7, 0).ecx, ask(7, 0).edx];
  }
  if (level >= 0xd) words[W["d.1.eax"]] = ask(0xd, 1).eax;
  if (level >= 0xf) {
    words[W["f.0.edx"]] = ask(0xf, 0).edx;
    if (test(CQM_LLC)) words[W["f.1.edx"]] = ask(0xf, 1).edx;
  }
  const extended = ask(0x80000000, 0).eax >>> 0;
  if (extended >>> 16 === 0x8000 && extended >= 0x80000001) {
    words[W["80000001.ecx"]] = ask(0x80000001, 0).ecx;
    words[W["80000001.edx"]] = ask(0x80000001, 0).edx;
  }
  if (extended >= 0x80000007) words[W["80000007.ebx"]] = ask(0x80000007, 0).ebx;
  if (extended >= 0x8000000a) words[W["8000000a.edx"]] = ask(0x8000000a, 0).edx;
  if (extended >= 0x80000008) words[W["80000008.ebx"]] = ask(0x80000008, 0).ebx;

  set(CPUID);
  set(NOPL);
  if (level < 0xd) clear(XSAVE);
  if (vendor === "INTEL" && family === 15) {
    clear(REP_GOOD);
    clear(ERMS);
  } else if (vendor === "INTEL" && family === 6) set(REP_GOOD);
  else if (vendor === "AMD") {
    clear(NO_3DNOW);
    const eax = leaf1.eax;
    if (family >= 0x10 || (family === 0xf && ((eax >= 0xf48 && eax < 0xf50) || eax >= 0xf58))) set(REP_GOOD);
  }
  return {
    vendor,
    family,
    model,
    stepping,
    modelName: extended >= 0x80000004 ? brand(ask) : "",
    words: [...words],
    others: {
      "7.1.eax": level >= 7 && ask(7, 0).eax >= 1 ? ask(7, 1).eax >>> 0 : 0,
      "7.1.edx": level >= 7 && ask(7, 0).eax >= 1 ? ask(7, 1).edx >>> 0 : 0,
      "14.0.ebx": level >= 0x14 ? ask(0x14, 0).ebx >>> 0 : 0,
      "19.0.ebx": level >= 0x19 ? ask(0x19, 0).ebx >>> 0 : 0,
      "1e.1.eax": level >= 0x1e ? ask(0x1e, 1).eax >>> 0 : 0,
      "24.0.ebx": level >= 0x24 ? ask(0x24, 0).ebx >>> 0 : 0,
    },
    ...xsave(ask, test),
  };
}

/** The vendor behind the twelve letters. */
export function vendorOf(id: string): CpuVendor {
  if (id === "GenuineIntel") return "INTEL";
  return id === "AuthenticAMD" || id === "HygonGenuine" ? "AMD" : "OTHER";
}

/** Family, model and stepping of leaf 1. */
function signature(eax: number) {
  let family = eax >>> 8 & 0xf;
  let model = eax >>> 4 & 0xf;
  if (family === 0xf) family += eax >>> 20 & 0xff;
  if (family >= 6) model += (eax >>> 16 & 0xf) << 4;
  return { family, model, stepping: eax & 0xf };
}

/** The name that the processor gives itself, without the blanks by which some push it to the right. */
function brand(ask: Ask): string {
  const registers = [0x80000002, 0x80000003, 0x80000004].flatMap((leaf) => {
    const { eax, ebx, ecx, edx } = ask(leaf, 0);
    return [eax, ebx, ecx, edx];
  });
  return text(registers).replace(/^ +/, "");
}

/** Registers as the letters they hold, up to the first NUL. */
function text(registers: readonly number[]): string {
  const bytes = registers.flatMap((one) => [one & 0xff, one >>> 8 & 0xff, one >>> 16 & 0xff, one >>> 24 & 0xff]);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.slice(0, end)));
}

/** The state components that CRIU counts, of those that the processor has. */
export function criuXfeatures(mask: bigint, test: (bit: number) => boolean): bigint {
  let known = mask;
  COMPONENT_NEEDS.forEach((bit, i) => {
    if (!test(bit)) known &= ~(1n << BigInt(i));
  });
  return known & KNOWN_COMPONENTS & ~LEFT_OUT_COMPONENTS;
}

function xsave(ask: Ask, test: (bit: number) => boolean) {
  if (!test(FPU) || !test(XSAVE)) return { xfeatures: 0n, xsaveSize: 0, xsaveSizeMax: 0 };
  const { eax, ebx, ecx, edx } = ask(0xd, 0);
  const mask = BigInt(eax >>> 0) | BigInt(edx >>> 0) << 32n;
  // CRIU gives up here and keeps what it has so far.
  if ((mask & 3n) !== 3n) return { xfeatures: mask, xsaveSize: 0, xsaveSizeMax: 0 };
  return { xfeatures: criuXfeatures(mask, test), xsaveSize: ebx >>> 0, xsaveSizeMax: ecx >>> 0 };
}

/** Why CRIU would refuse to work on such a processor at all; null where it would not. */
export function criuRefuses(vector: CpuVector): string | null {
  if (vector.vendor === "OTHER") return "CRIU knows the processors of Intel, AMD and Hygon only";
  const test = (bit: number) => (vector.words[bit >> 5]! >>> (bit & 31) & 1) === 1;
  return test(FPU) && !test(FXSR) ? "CRIU needs FXSAVE, which this processor lacks" : null;
}
