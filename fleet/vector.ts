import type { Cpu } from "../host/cpu.ts";
import { bitNames, compatId } from "../cpu/compat_id.ts";
import { type CpuVector, x86Level } from "../cpu/vector.ts";
import { OTHER_WORDS } from "../cpu/words.ts";
import type { ComparedCpu } from "./compare_cpu.ts";
import type { ReportedCpu } from "./document.ts";

const hex = (value: number) => `0x${value.toString(16).padStart(8, "0")}`;
const mask = (value: bigint | null | undefined) =>
  value === null || value === undefined ? null : `0x${value.toString(16)}`;

/** The processor as a report has it. */
export async function reportedCpu(cpu: Cpu): Promise<ReportedCpu> {
  const { source, vector, xcr0 } = cpu;
  const { vendor, family, model, stepping, modelName, words, others, xfeatures, xsaveSize, xsaveSizeMax } = vector;
  return {
    source,
    vendor,
    family,
    model,
    stepping,
    modelName,
    level: x86Level(vector, xcr0 ?? 0n),
    // What the kernel tells of a processor is not all of it: no id is better than one that is equal by chance.
    compatId: source === "PROC_CPUINFO" ? null : await compatId(vector),
    capabilityWords: words.map(hex),
    otherWords: Object.fromEntries(
      OTHER_WORDS.map((name) => [name, hex(others?.[name] ?? 0)]),
    ) as ReportedCpu["otherWords"],
    instructions: bitNames(vector),
    xfeatures: mask(xfeatures),
    xcr0: mask(xcr0),
    xsaveSize: xsaveSize ?? null,
    xsaveSizeMax: xsaveSizeMax ?? null,
    xsaveSizeInUse: cpu.xsaveSizeInUse,
    signalFrameSize: cpu.signalFrameSize,
    processorsAlike: cpu.processorsAlike,
  };
}

/** The vector behind it. */
export function vectorOf(cpu: ReportedCpu): CpuVector {
  return {
    vendor: cpu.vendor,
    family: cpu.family,
    model: cpu.model,
    stepping: cpu.stepping,
    modelName: cpu.modelName,
    words: cpu.capabilityWords.map(Number),
    others: Object.fromEntries(OTHER_WORDS.map((name) => [name, Number(cpu.otherWords[name])])) as NonNullable<
      CpuVector["others"]
    >,
    xfeatures: cpu.xfeatures === null ? undefined : BigInt(cpu.xfeatures),
    xsaveSize: cpu.xsaveSize ?? undefined,
    xsaveSizeMax: cpu.xsaveSizeMax ?? undefined,
  };
}

/** The processor of a report, ready to be compared. */
export function comparedCpu(cpu: ReportedCpu): ComparedCpu {
  return {
    vector: vectorOf(cpu),
    xcr0: cpu.xcr0 === null ? null : BigInt(cpu.xcr0),
    signalFrameSize: cpu.signalFrameSize,
    processorsAlike: cpu.processorsAlike,
    partial: cpu.source === "PROC_CPUINFO",
  };
}
