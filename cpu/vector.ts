import { type CpuBit, cpuBit } from "./bits.ts";
import { CRIU_WORDS, OTHER_WORDS, type WordName } from "./words.ts";

/** As CRIU tells processors apart: Hygon counts as AMD. */
export type CpuVendor = "INTEL" | "AMD" | "OTHER";

/** Everything about an x86 processor that decides whether a program that was started on one goes on on another. */
export interface CpuVector {
  readonly vendor: CpuVendor;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  readonly modelName: string;
  /** CRIU's words (`CRIU_WORDS`), as it would write them into cpuinfo.img. */
  readonly words: readonly number[];
  /** The registers of `OTHER_WORDS`; undefined where they are not known, as in an image. */
  readonly others: Readonly<Record<(typeof OTHER_WORDS)[number], number>> | undefined;
  /** State components as CRIU counts them; undefined where an image does not tell. */
  readonly xfeatures: bigint | undefined;
  /** Bytes of the xsave area for what the kernel has switched on (CPUID 0xD.0 EBX). */
  readonly xsaveSize: number | undefined;
  /** Bytes for all that the processor has (CPUID 0xD.0 ECX). */
  readonly xsaveSizeMax: number | undefined;
}

/** One register of a vector; undefined where it is not known. */
export function wordOf(vector: CpuVector, word: WordName): number | undefined {
  const index = (CRIU_WORDS as readonly string[]).indexOf(word);
  if (index >= 0) return vector.words[index];
  return vector.others?.[word as (typeof OTHER_WORDS)[number]];
}

/** Whether a bit is set; undefined where its register is not known. */
export function hasBit(vector: CpuVector, { word, bit }: CpuBit): boolean | undefined {
  const value = wordOf(vector, word);
  return value === undefined ? undefined : (value >>> bit & 1) === 1;
}

/** Whether the bit of that name is set; false where its register is not known. */
export function hasNamed(vector: CpuVector, name: string): boolean {
  return hasBit(vector, cpuBit(name)) ?? false;
}

/** What each of the four levels of the x86-64 psABI adds to the one below. */
const LEVELS: readonly string[] = [
  "cmov cx8 fpu fxsr mmx syscall sse sse2",
  "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3",
  "avx avx2 bmi1 bmi2 f16c fma abm movbe osxsave",
  "avx512f avx512bw avx512cd avx512dq avx512vl",
];
const AVX_STATE = 0x6n, AVX512_STATE = 0xe6n;

/**
 * The highest level of the x86-64 psABI that holds here, 0 for none: what `-march=x86-64-v3` and glibc's
 * `ld.so --help` speak of. `switchedOn` is XCR0: AVX whose registers the kernel does not save is none.
 */
export function x86Level(vector: CpuVector, switchedOn: bigint): number {
  const missing = LEVELS.findIndex((names, level) =>
    !names.split(" ").every((name) => hasNamed(vector, name)) ||
    (level === 2 && (switchedOn & AVX_STATE) !== AVX_STATE) ||
    (level === 3 && (switchedOn & AVX512_STATE) !== AVX512_STATE)
  );
  return missing < 0 ? LEVELS.length : missing;
}
