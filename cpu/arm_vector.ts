import { ARM_BITS, ARM_WORDS, type ArmBit, type ArmWord } from "./arm_bits.ts";

/** How the processor signs pointers: a pointer signed in one way is refused by every other one. */
export interface PointerAuthentication {
  /** Algorithm and level for addresses, such as `QARMA5/3`; null where it has none. */
  readonly address: string | null;
  /** The same for pacga, which signs any data. */
  readonly generic: string | null;
  /** Bits of a pointer that hold the signature; they depend on the size of the address space. Null where ptrace is refused. */
  readonly mask: bigint | null;
}

/** A kind of core, as /proc/cpuinfo tells of it. */
export interface ArmCore {
  /** MIDR_EL1 by its parts, such as 0x41 (Arm) and 0xd0c (Neoverse N1). */
  readonly implementer: string;
  readonly part: string;
  readonly variant: string;
  readonly revision: string;
  readonly count: number;
}

/**
 * Everything about an arm64 processor that decides whether a program that was started on one goes on on another. Where cores
 * differ, it is what all of them have: so the kernel tells it to programs.
 */
export interface ArmVector {
  readonly words: Readonly<Record<ArmWord, bigint>>;
  /** Lengths that prctl(PR_SVE_SET_VL) gives, in bytes, ascending; empty without SVE, null where they cannot be tried. */
  readonly sveLengths: readonly number[] | null;
  /** The length of a program that chooses none, which is that of every restored one; null without SVE. */
  readonly sveDefault: number | null;
  /** The same for the streaming mode of SME. */
  readonly smeLengths: readonly number[] | null;
  readonly smeDefault: number | null;
  /** Null where the registers that tell it cannot be read, though the processor signs pointers. */
  readonly pointerAuthentication: PointerAuthentication | null;
  /** Kinds of cores, in the order of the first one of each; empty where /proc/cpuinfo cannot be read. */
  readonly cores: readonly ArmCore[];
}

/** Whether a bit is set. */
export function hasArmBit({ words }: Pick<ArmVector, "words">, { word, bit }: ArmBit): boolean {
  return (words[word] >> BigInt(bit) & 1n) === 1n;
}

/** Whether the bit of that name is set. */
export function hasArmNamed(vector: Pick<ArmVector, "words">, name: string): boolean {
  const bit = ARM_BITS.find((one) => one.name === name);
  if (!bit) throw new RangeError(`Cannot find a bit named ${name}`);
  return hasArmBit(vector, bit);
}

/** The names of all bits that are set. */
export function armBitNames(vector: Pick<ArmVector, "words">): string[] {
  return ARM_BITS.filter((bit) => hasArmBit(vector, bit)).map(({ name }) => name);
}

/** Goes up when what is hashed changes: ids of two versions are never equal. */
const VERSION = 1;
const HEX_DIGITS = 12;
/** How a signature of the maker's own begins: another maker's is another one. */
const OWN_ALGORITHM = "IMPLEMENTATION_DEFINED";

/** What `armCompatId` hashes, as text; undefined where the vector does not tell all of it. */
export function armCompatText(vector: ArmVector): string | undefined {
  const { words, sveLengths, sveDefault, smeLengths, smeDefault, pointerAuthentication: pac, cores } = vector;
  if (sveLengths === null || smeLengths === null || pac === null) return undefined;
  if (pac.address !== null && pac.mask === null) return undefined;
  const counted = ARM_WORDS.map((word) => {
    const hints = ARM_BITS.filter((bit) => bit.word === word && bit.missing === "hint");
    return `${word}=${(hints.reduce((mask, { bit }) => mask & ~(1n << BigInt(bit)), words[word])).toString(16)}`;
  });
  const makers = isOwn(pac) ? cores.map(({ implementer, part }) => `${implementer}/${part}`).join("+") : "";
  return [
    `v${VERSION}`,
    "aarch64",
    ...counted,
    `sve=${sveLengths.join("+")}@${sveDefault ?? ""}`,
    `sme=${smeLengths.join("+")}@${smeDefault ?? ""}`,
    `pac=${pac.address ?? ""},${pac.generic ?? ""},${pac.mask?.toString(16) ?? ""},${makers}`,
  ].join(" ");
}

/** Whether a pointer is signed in a way of the maker's own. */
export function isOwn({ address, generic }: PointerAuthentication): boolean {
  return [address, generic].some((text) => text?.startsWith(OWN_ALGORITHM));
}

/** As `compatId` of an x86 processor; no two of different architectures are equal. */
export async function armCompatId(vector: ArmVector): Promise<string | null> {
  const text = armCompatText(vector);
  if (text === undefined) return null;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, HEX_DIGITS);
}

/** Reads how pointers are signed out of ID_AA64ISAR1_EL1 and ID_AA64ISAR2_EL1. */
export function signing(
  isar1: bigint,
  isar2: bigint,
): { readonly address: string | null; readonly generic: string | null } {
  const field = (register: bigint, low: number) => Number(register >> BigInt(low) & 0xfn);
  const first = (...ways: readonly (readonly [name: string, level: number])[]) => {
    const found = ways.find(([, level]) => level !== 0);
    return found ? `${found[0]}/${found[1]}` : null;
  };
  return {
    address: first(["QARMA5", field(isar1, 4)], [OWN_ALGORITHM, field(isar1, 8)], ["QARMA3", field(isar2, 12)]),
    generic: first(["QARMA5", field(isar1, 24)], [OWN_ALGORITHM, field(isar1, 28)], ["QARMA3", field(isar2, 8)]),
  };
}

/** The kinds of cores that /proc/cpuinfo lists. */
export function armCores(text: string): ArmCore[] {
  const cores = new Map<string, ArmCore>();
  for (const block of text.split(/\n\n+/)) {
    const field = (name: string) => new RegExp(`^CPU ${name}\\s*: (\\S+)$`, "m").exec(block)?.[1];
    const implementer = field("implementer"), part = field("part");
    if (implementer === undefined || part === undefined) continue;
    const core = { implementer, part, variant: field("variant") ?? "", revision: field("revision") ?? "" };
    const key = Object.values(core).join(" ");
    cores.set(key, { ...core, count: (cores.get(key)?.count ?? 0) + 1 });
  }
  return [...cores.values()];
}
