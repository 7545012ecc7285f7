import { ARM_BITS, type ArmBit } from "../cpu/arm_bits.ts";
import { type ArmVector, hasArmBit, hasArmNamed, isOwn } from "../cpu/arm_vector.ts";
import type { CpuMode } from "./compare_cpu.ts";
import { type Item, item, same, type Severity } from "./item.ts";

/** An arm64 processor, and what a report adds to its vector. */
export interface ComparedArmCpu {
  readonly vector: ArmVector;
  readonly addressBits: number | null;
  readonly signalFrameSize: number | null;
}

/** What the kernel's command line can take away: arm64.nosve and so on. */
const BOOT_OPTIONS = ["sve", "sme", "mte", "mops"];

/** Pointers are signed with keys that criu dumps, so it refuses where they cannot be set. */
const KEYS = ["paca", "pacg"];

/**
 * Compares two arm64 processors. CRIU has no `cpuinfo` there: in each of its modes only that blocks which its restore
 * refuses by itself. `safe` counts what programs see.
 */
export function compareArmCpus(source: ComparedArmCpu, target: ComparedArmCpu, mode: CpuMode): Item[] {
  if (mode === "none") return [];
  const [a, b] = [source.vector, target.vector];
  const items = ARM_BITS.filter((bit) => hasArmBit(a, bit) && !hasArmBit(b, bit)).map((bit) => missingBit(bit, mode));
  if (mode === "safe") {
    items.push(
      ...vectors("sve", a.sveLengths, a.sveDefault, b.sveLengths, b.sveDefault),
      ...vectors("sme", a.smeLengths, a.smeDefault, b.smeLengths, b.smeDefault),
      ...signatures(a, b),
      ...memory(source, target),
      ...cores(a, b),
    );
  }
  if (items.length > 0) return items;
  return [same("cpu", mode === "safe" ? modelOf(a) : "criu compares no processors on aarch64")];
}

const LIKE = "restore on a machine of the same compat-id, or give both virtual machines the same CPU model";

/** A bit that programs of the source may use and the target lacks. */
export function missingBit(bit: ArmBit, mode: CpuMode): Item {
  const { name, missing } = bit;
  const of = (severity: Severity, reason: string, remedy: string | null = null) =>
    item(`cpu.${name}`, "yes", "no", severity, reason, remedy);
  if (KEYS.includes(name)) {
    return of(
      "blocks",
      "criu dumps the keys by which pointers are signed, and refuses to restore them where there are none",
      LIKE,
    );
  }
  if (mode !== "safe") return of("advisory", "criu compares no processors on aarch64");
  if (missing === "hint") return of("advisory", "without it the same code runs, maybe slower");
  if (missing === "risk") {
    return of("risk", `what a program that found ${name} at its start asks of the kernel later may be refused`, LIKE);
  }
  const option = BOOT_OPTIONS.find((one) => name.startsWith(one));
  return of(
    "blocks",
    `a program that found ${name} at its start dies by SIGILL; criu does not look`,
    `restore where it is there, or hide it from programs before they start: a common CPU model for virtual machines${
      option === undefined ? "" : `, or arm64.no${option} at boot`
    }`,
  );
}

/** Lengths of vectors. CRIU keeps neither what is beyond 128 bits of a register nor the length: a restored task has the target's default. */
function vectors(
  kind: "sve" | "sme",
  had: readonly number[] | null,
  was: number | null,
  has: readonly number[] | null,
  is: number | null,
): Item[] {
  // Without it on the source no program has any; without it on the target its bit blocks already.
  if (had?.length === 0 || has?.length === 0) return [];
  const id = `cpu.${kind}-vector-length`;
  if (was === null || is === null) {
    return [
      item(id, text(was), text(is), "unknown", `how long ${kind.toUpperCase()} vectors are by default is not known`),
    ];
  }
  const items: Item[] = [];
  if (was !== is) {
    items.push(
      item(
        id,
        `${was} bytes`,
        `${is} bytes`,
        "blocks",
        `a program that measured its vectors at its start goes on with others: ${
          is < was ? "it leaves out data" : "it writes beyond its buffers"
        }; criu does not set the length`,
        has?.includes(was)
          ? `echo ${was} >/proc/sys/abi/${kind}_default_vector_length on the target before the restore`
          : LIKE,
      ),
    );
  }
  if (had === null || has === null) {
    items.push(item(`${id}s`, list(had), list(has), "unknown", "which lengths a program may choose is not known"));
  } else {
    const lost = had.filter((length) => !has.includes(length));
    if (lost.length > 0) {
      items.push(
        item(
          `${id}s`,
          list(had),
          list(has),
          "risk",
          "a program that has chosen its vector length (prctl) may not get it",
          LIKE,
        ),
      );
    }
  }
  return items;
}

const text = (value: number | null) => value === null ? null : `${value} bytes`;
const list = (values: readonly number[] | null) => values && values.join(", ");

/** Pointers signed on the source, and those that were not. */
function signatures(a: ArmVector, b: ArmVector): Item[] {
  const [had, has] = [hasArmNamed(a, "paca"), hasArmNamed(b, "paca")];
  if (!had && has) {
    return [
      item(
        "cpu.paca",
        "no",
        "yes",
        "blocks",
        "return addresses that the dumped program has on its stack are not signed, and this processor checks them: a program built with -mbranch-protection dies",
        "restore where it is not there, or boot the target with arm64.nopauth",
      ),
    ];
  }
  if (!had || !has) return [];
  const [was, is] = [a.pointerAuthentication, b.pointerAuthentication];
  if (was === null || is === null || was.mask === null || is.mask === null) {
    return [item("cpu.pac-algorithm", shown(was), shown(is), "unknown", "how pointers are signed is not known")];
  }
  if (shown(was) !== shown(is)) {
    return [
      item(
        "cpu.pac-algorithm",
        shown(was),
        shown(is),
        "blocks",
        "return addresses that were signed on the source are refused: a program built with -mbranch-protection dies",
        LIKE,
      ),
    ];
  }
  const makers = (
    vector: ArmVector,
  ) => [...new Set(vector.cores.map(({ implementer, part }) => `${implementer}/${part}`))];
  if (isOwn(was) && makers(a).sort().join() !== makers(b).sort().join()) {
    return [
      item(
        "cpu.pac-algorithm",
        makers(a).join(", "),
        makers(b).join(", "),
        "risk",
        "pointers are signed by an algorithm of the maker's own, and these are different cores",
        LIKE,
      ),
    ];
  }
  return [];
}

function shown(pac: ArmVector["pointerAuthentication"]): string | null {
  return pac && `${pac.address} ${pac.generic} mask ${pac.mask === null ? "unknown" : `0x${pac.mask.toString(16)}`}`;
}

function memory(source: ComparedArmCpu, target: ComparedArmCpu): Item[] {
  const items: Item[] = [];
  const [had, has] = [source.addressBits, target.addressBits];
  if (had !== null && has !== null && has < had) {
    items.push(
      item(
        "cpu.address-bits",
        String(had),
        String(has),
        "blocks",
        "the dumped program has memory at addresses that the target's kernel does not have",
        "boot a kernel with CONFIG_ARM64_VA_BITS of the source",
      ),
    );
  }
  const [frame, now] = [source.signalFrameSize, target.signalFrameSize];
  if (frame !== null && now !== null && now > frame) {
    items.push(
      item(
        "cpu.signal-frame",
        `${frame} bytes`,
        `${now} bytes`,
        "risk",
        "signal stacks that a program sized by the smaller frame may overflow",
        LIKE,
      ),
    );
  }
  return items;
}

/** Other cores may have other errata and other fast ways, which programs choose by. */
function cores(a: ArmVector, b: ArmVector): Item[] {
  const [was, is] = [modelOf(a), modelOf(b)];
  return was === is
    ? []
    : [item("cpu.model", was, is, "advisory", "other cores; what programs may use of them was compared")];
}

function modelOf({ cores }: ArmVector): string {
  const names = cores.map(({ implementer, part, variant, revision }) =>
    `${implementer}/${part} ${variant}.${revision}`
  );
  return [...new Set(names)].sort().join(" + ");
}
