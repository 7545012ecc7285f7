import { CRIU_WORDS, type WordName } from "./words.ts";

/** One bit of a register that CPUID gives, and what it means for a program that was started where it is set. */
export interface CpuBit {
  /** As /proc/cpuinfo spells it, or would. */
  readonly name: string;
  readonly word: WordName;
  readonly bit: number;
  /** Whether CRIU compares it in its mode `ins`. */
  readonly criu: boolean;
  /**
   * `traps`: a program that uses it dies where it is missing, mostly by SIGILL. `hint`: without it the same code runs,
   * maybe slower, or no program can use it directly.
   */
  readonly missing: "traps" | "hint";
}

/**
 * Every bit that decides about instructions in user space. `*`: CRIU counts it in its mode `ins`; `~`: a hint, for
 * instance because its encoding is a no-op or a plain prefix on older processors, or because only the kernel uses it.
 */
const BITS: Partial<Record<WordName, string>> = {
  "1.edx": "fpu=0* tsc=4* cx8=8* sep=11* cmov=15* clflush=19* mmx=23* fxsr=24* sse=25* sse2=26*",
  "80000001.edx": "syscall=11* mmxext=22* rdtscp=27* 3dnowext=30* 3dnow=31*",
  "linux1": "rep_good=16*~ nopl=20*",
  "1.ecx":
    "pni=0* pclmulqdq=1* monitor=3*~ ssse3=9* fma=12 cx16=13* sse4_1=19* sse4_2=20* movbe=22* popcnt=23* aes=25* " +
    "xsave=26* osxsave=27* avx=28* f16c=29* rdrand=30*",
  "80000001.ecx":
    "lahf_lm=0 abm=5* sse4a=6* misalignsse=7* 3dnowprefetch=8*~ xop=11* lwp=15 fma4=16* tbm=21* mwaitx=29",
  "7.0.ebx":
    "fsgsbase=0* bmi1=3* hle=4*~ avx2=5* bmi2=8* erms=9*~ rtm=11* mpx=14*~ avx512f=16* avx512dq=17* rdseed=18* " +
    "adx=19* avx512ifma=21 clflushopt=23* clwb=24 avx512pf=26* avx512er=27* avx512cd=28* sha_ni=29* avx512bw=30* avx512vl=31*",
  "d.1.eax": "xsaveopt=0* xsavec=1* xgetbv1=2*",
  "7.0.ecx": "avx512vbmi=1* pku=3 ospke=4 waitpkg=5 avx512_vbmi2=6* shstk=7~ gfni=8* vaes=9* vpclmulqdq=10* " +
    "avx512_vnni=11* avx512_bitalg=12* tme=13*~ avx512_vpopcntdq=14* rdpid=22* kl=23 cldemote=25~ movdiri=27 movdir64b=28 enqcmd=29",
  "80000008.ebx": "clzero=0* rdpru=4",
  "7.0.edx":
    "avx512_4vnniw=2* avx512_4fmaps=3* fsrm=4~ avx512_vp2intersect=8 serialize=14 tsxldtrk=16 ibt=20~ amx_bf16=22 " +
    "avx512_fp16=23 amx_tile=24 amx_int8=25",
  "7.1.eax":
    "sha512=0 sm3=1 sm4=2 raoint=3 avx_vnni=4 avx512_bf16=5 cmpccxadd=7 fzrm=10~ fsrs=11~ fsrc=12~ amx_fp16=21 " +
    "avx_ifma=23 movrs=31",
  "7.1.edx": "avx_vnni_int8=4 avx_ne_convert=5 amx_complex=8 avx_vnni_int16=10 prefetchi=14~ avx10=19 apx_f=21",
  "14.0.ebx": "ptwrite=4",
  "19.0.ebx": "aeskle=0 widekl=2",
  "1e.1.eax": "amx_fp8=4 amx_transpose=5 amx_tf32=6 amx_avx512=7 amx_movrs=8",
  "24.0.ebx": "avx10_128=16 avx10_256=17 avx10_512=18",
};

function bitsOf(word: WordName, text: string): CpuBit[] {
  return text.split(" ").map((entry) => {
    const [, name, bit, marks] = /^(\w+)=(\d+)([*~]*)$/.exec(entry)!;
    return {
      name: name!,
      word,
      bit: Number(bit),
      criu: marks!.includes("*"),
      missing: marks!.includes("~") ? "hint" : "traps",
    };
  });
}

/** All of them, word by word. */
export const CPU_BITS: readonly CpuBit[] = Object.entries(BITS).flatMap(([word, text]) =>
  bitsOf(word as WordName, text)
);

/** The bits that CRIU's mode `ins` compares, one mask for each of its words. */
export const INS_MASK: readonly number[] = CRIU_WORDS.map((word) => maskOf(word, (bit) => bit.criu));

/** A mask of the bits of one word that `wanted` picks. */
export function maskOf(word: WordName, wanted: (bit: CpuBit) => boolean): number {
  return CPU_BITS.reduce((mask, bit) => bit.word === word && wanted(bit) ? (mask | (1 << bit.bit)) >>> 0 : mask, 0);
}

/** A bit by its name. */
export function cpuBit(name: string): CpuBit {
  const found = CPU_BITS.find((bit) => bit.name === name);
  if (!found) throw new RangeError(`Cannot find a processor bit named ${name}`);
  return found;
}
