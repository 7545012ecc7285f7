import { CPU_BITS } from "./bits.ts";
import { criuXfeatures, vendorOf } from "./from_cpuid.ts";
import type { CpuVector } from "./vector.ts";
import { CRIU_WORDS, OTHER_WORDS } from "./words.ts";

/** Names by which /proc/cpuinfo calls a bit otherwise than our table. */
const OTHER_NAMES: Readonly<Record<string, string>> = { user_shstk: "shstk" };
/** Bits that every 64-bit kernel's process may count on, though the file does not list them: see CRIU's own additions. */
const ALWAYS = ["nopl"];

/**
 * What /proc/cpuinfo tells of the first processor: the kernel's own view, without bits that it hides or has no name for.
 * The words hold the bits of our table only, and sizes are unknown. Undefined where the file is none of an x86.
 */
export function vectorFromProc(text: string, switchedOn: bigint | undefined): CpuVector | undefined {
  const first = text.split("\n\n")[0] ?? "";
  const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(first)?.[1]?.trim();
  const number = (name: string) => Number(/^\d+$/.exec(field(name) ?? "")?.[0] ?? 0);
  const list = field("flags");
  const vendorId = field("vendor_id");
  if (list === undefined || vendorId === undefined) return undefined;
  const flags = new Set([...list.split(" ").map((name) => OTHER_NAMES[name] ?? name), ...ALWAYS]);
  // The kernel lists xsave only where it has switched it on.
  if (flags.has("xsave")) flags.add("osxsave");
  const word = (name: string) =>
    CPU_BITS.reduce(
      (value, bit) => bit.word === name && flags.has(bit.name) ? (value | (1 << bit.bit)) >>> 0 : value,
      0,
    );
  const words = CRIU_WORDS.map(word);
  const test = (bit: number) => (words[bit >> 5]! >>> (bit & 31) & 1) === 1;
  return {
    vendor: vendorOf(vendorId),
    family: number("cpu family"),
    model: number("model"),
    stepping: number("stepping"),
    modelName: field("model name") ?? "",
    words,
    others: Object.fromEntries(OTHER_WORDS.map((name) => [name, word(name)])) as CpuVector["others"],
    xfeatures: switchedOn === undefined ? undefined : criuXfeatures(switchedOn, test),
    xsaveSize: undefined,
    xsaveSizeMax: undefined,
  };
}

/** Whether all processors of the file have the same flags; null where it does not say. */
export function processorsAlike(text: string): boolean | null {
  const lines = text.split("\n").filter((line) => /^(flags|model name|Features)\s*:/.test(line));
  return lines.length === 0 ? null : new Set(lines.filter((line) => !line.startsWith("model"))).size <= 1;
}
