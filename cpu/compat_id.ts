import { CPU_BITS, maskOf } from "./bits.ts";
import type { CpuVector } from "./vector.ts";
import { wordOf } from "./vector.ts";
import { CRIU_WORDS, OTHER_WORDS } from "./words.ts";

/** Goes up when what is hashed changes: ids of two versions are never equal. */
const VERSION = 1;
const HEX_DIGITS = 12;

/** What `compatId` hashes, as text; undefined where the vector does not tell all of it. */
export function compatText(vector: CpuVector): string | undefined {
  const { vendor, xfeatures, xsaveSize, xsaveSizeMax, others } = vector;
  if (vendor === "OTHER" || xfeatures === undefined || others === undefined) return undefined;
  if (xsaveSize === undefined || xsaveSizeMax === undefined) return undefined;
  const words = [...CRIU_WORDS, ...OTHER_WORDS].map((word) =>
    // Bits that CRIU compares, and those of instructions that it leaves out; no hints of the second kind.
    `${word}=${
      ((wordOf(vector, word)! & maskOf(word, (bit) => bit.criu || bit.missing === "traps")) >>> 0).toString(16)
    }`
  );
  return [`v${VERSION}`, vendor, ...words, `xf=${xfeatures.toString(16)}`, `xs=${xsaveSize}`, `xm=${xsaveSizeMax}`]
    .join(" ");
}

/**
 * Equal ids: as far as the processor decides, a dump made on one machine runs on the other, in each of CRIU's modes but
 * `cpu`, and in ours. Twelve hexadecimal digits of the SHA-256 of `compatText`; null where something is not known.
 */
export async function compatId(vector: CpuVector): Promise<string | null> {
  const text = compatText(vector);
  if (text === undefined) return null;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, HEX_DIGITS);
}

/** The names of the user-space bits that are set, in the order of the table. */
export function bitNames(vector: CpuVector): string[] {
  return CPU_BITS.filter(({ word, bit }) => ((wordOf(vector, word) ?? 0) >>> bit & 1) === 1).map(({ name }) => name);
}
