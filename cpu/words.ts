/**
 * The registers of CPUID that say what a processor can do, in the order in which CRIU keeps its nineteen words of
 * capabilities (compel's `enum cpuid_leafs`): part of the format of cpuinfo.img. Those that the kernel makes up itself,
 * or that only long gone vendors had, have no leaf.
 */
export const CRIU_WORDS = [
  "1.edx",
  "80000001.edx",
  "80860001.edx",
  "linux1",
  "1.ecx",
  "c0000001.edx",
  "80000001.ecx",
  "linux2",
  "linux3",
  "7.0.ebx",
  "d.1.eax",
  "7.0.ecx",
  "f.1.edx",
  "80000008.ebx",
  "6.eax",
  "8000000a.edx",
  "f.0.edx",
  "80000007.ebx",
  "7.0.edx",
] as const;

/** How many words an image of capability version 1 holds; version 2 holds them all. */
export const WORDS_OF_VERSION_1 = 12;

/** Registers with bits that a program may use and that CRIU does not keep. */
export const OTHER_WORDS = ["7.1.eax", "7.1.edx", "14.0.ebx", "19.0.ebx", "1e.1.eax", "24.0.ebx"] as const;

/** One register, by leaf, subleaf and name: the key under which a report has it. */
export type WordName = (typeof CRIU_WORDS)[number] | (typeof OTHER_WORDS)[number];
