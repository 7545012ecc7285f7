/** The words in which an arm64 kernel tells a program what the processor can do: AT_HWCAP, AT_HWCAP2, AT_HWCAP3. */
export const ARM_WORDS = ["hwcap", "hwcap2", "hwcap3"] as const;
export type ArmWord = (typeof ARM_WORDS)[number];

/** One bit of those words, and what it means for a program that was started where it is set. */
export interface ArmBit {
  /** As /proc/cpuinfo spells it; `hwcap2.61` where cready knows no name. */
  readonly name: string;
  readonly word: ArmWord;
  readonly bit: number;
  /**
   * What becomes of a program that uses it where it is missing. `traps`: it dies, mostly by SIGILL. `risk`: something it
   * does later may fail. `hint`: the same code runs, maybe slower.
   */
  readonly missing: "traps" | "risk" | "hint";
}

/**
 * Names by their bits, from bit 0 on (arch/arm64/include/uapi/asm/hwcap.h). `~`: a hint. `?`: a risk, such as bti, whose
 * instructions do nothing elsewhere, but for which the dynamic linker asks the kernel again with each library.
 */
const NAMES: Readonly<Record<ArmWord, string>> = {
  hwcap:
    "fp asimd evtstrm~ aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc dcpop sha3 " +
    "sm3 sm4 asimddp sha512 sve asimdfhm dit uscat ilrcpc flagm ssbs sb paca pacg gcs cmpbr fprcvt f8mm8 f8mm4 svef16mm " +
    "sveeltperm sveaes2 svebfscale sve2p2 sme2p2 smesbitperm smeaes smesfexpa smestmop smesmop4",
  hwcap2: "dcpodp sve2 sveaes svepmull svebitperm svesha3 svesm4 flagm2 frint svei8mm svef32mm svef64mm svebf16 i8mm " +
    "bf16 dgh~ rng bti? mte ecv afp rpres mte3 sme smei16i64 smef64f64 smei8i32 smef16f32 smeb16f32 smef32f32 smefa64 " +
    "wfxt ebf16 sveebf16 cssc rprfm~ sve2p1 sme2 sme2p1 smei16i32 smebi32i32 smeb16b16 smef16f16 mops hbc sveb16b16 " +
    "lrcpc3 lse128 fpmr lut faminmax f8cvt f8fma f8dp4 f8dp2 f8e4m3 f8e5m2 smelutv2 smef8f16 smef8f32 smesf8fma " +
    "smesf8dp4 smesf8dp2 poe",
  hwcap3: "mtefar? mtestoreonly?",
};
const WORD_BITS = 64;

/** All bits of all words; those without a name count as instructions that trap. */
export const ARM_BITS: readonly ArmBit[] = ARM_WORDS.flatMap((word) => {
  const names = NAMES[word].split(" ");
  return Array.from({ length: WORD_BITS }, (_, bit): ArmBit => {
    const name = names[bit];
    if (name === undefined) return { name: `${word}.${bit}`, word, bit, missing: "traps" };
    const missing = name.endsWith("~") ? "hint" : name.endsWith("?") ? "risk" : "traps";
    return { name: name.replace(/[~?]$/, ""), word, bit, missing };
  });
});
