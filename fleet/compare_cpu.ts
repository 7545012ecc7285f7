import { CPU_BITS, type CpuBit } from "../cpu/bits.ts";
import { criuRefuses } from "../cpu/from_cpuid.ts";
import { type CpuVector, hasBit } from "../cpu/vector.ts";
import { CRIU_WORDS } from "../cpu/words.ts";
import { type Item, item, same, type Severity } from "./item.ts";

/** CRIU's modes of comparing processors, `criu-default` being fpu and ins together, and ours: `safe`. */
export const CPU_MODES = ["none", "fpu", "ins", "cpu", "criu-default", "safe"] as const;
export type CpuMode = (typeof CPU_MODES)[number];

/** A processor, and what a report adds to its vector. */
export interface ComparedCpu {
  readonly vector: CpuVector;
  /** State components that the kernel has switched on; null where not known. */
  readonly xcr0: bigint | null;
  readonly signalFrameSize: number | null;
  /** False where the processors of the machine differ among themselves. */
  readonly processorsAlike: boolean | null;
  /** True where only the kernel's own, smaller view of the processor is known. */
  readonly partial: boolean;
}

/** Compares two processors in one mode. In CRIU's modes an item blocks exactly where `criu cpuinfo check` refuses. */
export function compareCpus(source: ComparedCpu, target: ComparedCpu, mode: CpuMode): Item[] {
  if (mode === "none") return [];
  const items = mode === "safe" ? safe(source, target) : asCriu(source.vector, target.vector, mode);
  for (const [side, cpu] of [["source", source], ["target", target]] as const) {
    if (cpu.partial) items.push(partialItem(side));
  }
  return items;
}

function partialItem(side: "source" | "target"): Item {
  return {
    id: `cpu.${side}-known`,
    source: side === "source" ? "by /proc/cpuinfo" : null,
    target: side === "target" ? "by /proc/cpuinfo" : null,
    severity: "unknown",
    reason: `of the ${side}'s processor only what its kernel lists is known: bits that it hides and all sizes are not`,
    remedy: "make that report where CPUID may be executed or /dev/cpu/0/cpuid read",
  };
}

const XSAVES: CpuBit = { name: "xsaves", word: "d.1.eax", bit: 3, criu: false, missing: "hint" };
const FPU_BITS = [...CPU_BITS.filter(({ name }) => ["fpu", "fxsr", "osxsave"].includes(name)), XSAVES];

/** As criu's cpu_validate_features, but all of it instead of the first mismatch. */
function asCriu(source: CpuVector, target: CpuVector, mode: Exclude<CpuMode, "none" | "safe">): Item[] {
  const refused = criuRefuses(target);
  if (refused) return [item("cpu.criu", source.vendor, target.vendor, "blocks", refused, null)];
  const fpu = mode === "fpu" || mode === "criu-default", ins = mode === "ins" || mode === "criu-default";
  const items: Item[] = [];
  for (const bit of [...CPU_BITS, XSAVES]) {
    if (hasBit(source, bit) !== true || hasBit(target, bit) !== false) continue;
    // Word by word `cpu` says all of it below.
    const counts = (fpu && FPU_BITS.includes(bit)) || (ins && bit.criu);
    items.push(
      missingBit(
        bit,
        counts ? "blocks" : "advisory",
        counts ? `criu counts it in its mode ${mode}` : `criu's mode ${mode} does not count it`,
      ),
    );
  }
  if (fpu) items.push(...xsaveAsCriu(source, target));
  if (mode === "cpu") {
    CRIU_WORDS.forEach((word, i) => {
      const [a, b] = [source.words[i], target.words[i]];
      if (a === undefined || a === b) return;
      items.push(
        item(
          `cpu.word-${word}`,
          hex(a),
          hex(b!),
          "blocks",
          "criu's mode cpu wants every bit alike",
          "use --cpu-cap=none,ins where more on the target is no harm",
        ),
      );
    });
  }
  return items.length > 0 ? items : [same("cpu", `the same for criu's mode ${mode}`)];
}

function xsaveAsCriu(source: CpuVector, target: CpuVector): Item[] {
  const items: Item[] = [];
  const compare = <T extends bigint | number>(
    id: string,
    of: (v: CpuVector) => T | undefined,
    bad: (s: T, t: T) => boolean,
    show: (v: T) => string,
    reason: string,
  ) => {
    const [a, b] = [of(source), of(target)];
    // What an old image does not tell, criu takes from the machine.
    if (a === undefined) return;
    if (b === undefined) items.push(item(id, show(a), null, "unknown", "this machine does not tell it", null));
    else if (bad(a, b)) items.push(item(id, show(a), show(b), "blocks", reason, SAME_MODEL));
  };
  compare(
    "cpu.xfeatures",
    (v) => v.xfeatures,
    (a, b) => (a & ~b) !== 0n,
    hex,
    "the dump has state components that the target lacks",
  );
  compare("cpu.xsave-size", (v) => v.xsaveSize, (a, b) => a !== b, bytes, "criu wants xsave areas of one size");
  compare(
    "cpu.xsave-size-max",
    (v) => v.xsaveSizeMax,
    (a, b) => a !== b,
    bytes,
    "criu wants the largest xsave areas of one size too",
  );
  return items;
}

const SAME_MODEL = "restore on a machine of the same compat-id, or give both virtual machines the same CPU model";

/** Ours: counts also what criu leaves out, and tells harm from mere difference. */
function safe(source: ComparedCpu, target: ComparedCpu): Item[] {
  const [a, b] = [source.vector, target.vector];
  const items: Item[] = [];
  for (const bit of CPU_BITS) {
    if (hasBit(a, bit) !== true || hasBit(b, bit) !== false) continue;
    items.push(
      bit.missing === "traps"
        ? missingBit(
          bit,
          "blocks",
          `a program that found ${bit.name} at its start dies by SIGILL${bit.criu ? "" : "; criu does not look"}`,
        )
        : missingBit(bit, "advisory", "without it the same code runs, maybe slower"),
    );
  }
  if (a.others === undefined || a.words.length < CRIU_WORDS.length) items.push(untold(a, b));
  items.push(...state(source, target));
  if (a.vendor !== b.vendor) {
    items.push(item("cpu.vendor", a.vendor, b.vendor, "advisory", "programs may have chosen code by the vendor", null));
  } else if (a.family !== b.family || a.model !== b.model || a.stepping !== b.stepping) {
    items.push(item("cpu.model", modelOf(a), modelOf(b), "advisory", "another model of the same vendor", null));
  }
  for (const [side, cpu] of [["source", source], ["target", target]] as const) {
    if (cpu.processorsAlike === false) {
      items.push(
        item(
          `cpu.${side}-alike`,
          null,
          null,
          "risk",
          `the processors of the ${side} differ among themselves; one of them was compared`,
          "keep the program on processors of one kind (taskset)",
        ),
      );
    }
  }
  return items.length > 0 ? items : [same("cpu", a.modelName)];
}

/** State components, and the sizes that programs measured at their start. */
function state(source: ComparedCpu, target: ComparedCpu): Item[] {
  const [a, b] = [source.vector, target.vector];
  const items: Item[] = [];
  // XCR0 knows components that CRIU does not count, such as those of AMX.
  const both = source.xcr0 !== null && target.xcr0 !== null;
  const [had, has] = both ? [source.xcr0!, target.xcr0!] : [a.xfeatures, b.xfeatures];
  if (had !== undefined && has === undefined) {
    items.push(item("cpu.xfeatures", hex(had), null, "unknown", "the target does not tell its state components", null));
  } else if (had !== undefined && has !== undefined && (had & ~has) !== 0n) {
    items.push(
      item(
        "cpu.xfeatures",
        hex(had),
        hex(has),
        "blocks",
        "the target's kernel saves fewer state components: registers that the program uses are lost or refused",
        SAME_MODEL,
      ),
    );
  }
  const [was, is] = [a.xsaveSize, b.xsaveSize];
  const differs = was !== undefined && is !== undefined && was !== is;
  if (was !== undefined && is === undefined) {
    items.push(item("cpu.xsave-size", bytes(was), null, "unknown", "the target does not tell its size", null));
  } else if (differs) {
    const reason = is > was
      ? "a larger area: programs that measured it at their start (glibc's resolver, own signal stacks, user-space threads) may write beyond their buffers; criu refuses it in its mode fpu"
      : "a smaller area: programs that remember offsets in it read wrong registers; criu refuses it in its mode fpu";
    items.push(item("cpu.xsave-size", bytes(was), bytes(is), "risk", reason, SAME_MODEL));
  } else if (a.xsaveSizeMax !== undefined && b.xsaveSizeMax !== undefined && a.xsaveSizeMax !== b.xsaveSizeMax) {
    items.push(
      item(
        "cpu.xsave-size-max",
        bytes(a.xsaveSizeMax),
        bytes(b.xsaveSizeMax),
        "advisory",
        "no program sees it, yet criu refuses it in its mode fpu",
        "use --cpu-cap=none,ins",
      ),
    );
  }
  const [frame, now] = [source.signalFrameSize, target.signalFrameSize];
  if (frame !== null && now !== null && now > frame) {
    items.push(
      item(
        "cpu.signal-frame",
        bytes(frame),
        bytes(now),
        differs ? "advisory" : "risk",
        "signal stacks that a program sized by the smaller frame may overflow",
        SAME_MODEL,
      ),
    );
  }
  return items;
}

/** A processor of which an image tells less than a report. */
function untold(a: CpuVector, b: CpuVector): Item {
  const alike = a.modelName === b.modelName && modelOf(a) === modelOf(b) &&
    a.words.every((word, i) => word === b.words[i]);
  return item(
    "cpu.untold",
    "not in the image",
    null,
    alike ? "advisory" : "risk",
    alike
      ? "the image does not tell AVX-VNNI, AVX-IFMA and other bits of CPUID leaf 7.1, but the processor is of the same model"
      : "the image does not tell AVX-VNNI, AVX-IFMA and other bits of CPUID leaf 7.1: a program that uses them dies where they are missing",
    "compare the report of that machine instead of its cpuinfo.img",
  );
}

function missingBit(bit: CpuBit, severity: Severity, reason: string): Item {
  const remedy = severity !== "blocks"
    ? null
    : "restore where it is there, or hide it from programs before they start: a common CPU model for virtual machines, or clearcpuid= at boot";
  return item(`cpu.${bit.name}`, "yes", "no", severity, reason, remedy);
}

const hex = (value: number | bigint) => `0x${value.toString(16)}`;
const bytes = (value: number) => `${value} bytes`;
const modelOf = ({ family, model, stepping }: CpuVector) => `${family}/${model}/${stepping}`;
