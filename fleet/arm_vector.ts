import { armBitNames, armCompatId, type ArmVector } from "../cpu/arm_vector.ts";
import type { ArmCpu } from "../host/arm_cpu.ts";
import type { ComparedArmCpu } from "./compare_arm.ts";
import type { ReportedArmCpu } from "./document.ts";

const hex = (value: bigint) => `0x${value.toString(16)}`;

/** The processor of an arm64 machine as a report has it. */
export async function reportedArmCpu({ vector, addressBits, signalFrameSize }: ArmCpu): Promise<ReportedArmCpu> {
  const { words, sveLengths, sveDefault, smeLengths, smeDefault, pointerAuthentication, cores } = vector;
  return {
    hwcap: hex(words.hwcap),
    hwcap2: hex(words.hwcap2),
    hwcap3: hex(words.hwcap3),
    compatId: await armCompatId(vector),
    instructions: armBitNames(vector),
    sveVectorLengths: sveLengths,
    sveDefaultVectorLength: sveDefault,
    smeVectorLengths: smeLengths,
    smeDefaultVectorLength: smeDefault,
    pointerAuthentication: pointerAuthentication &&
      { ...pointerAuthentication, mask: pointerAuthentication.mask === null ? null : hex(pointerAuthentication.mask) },
    addressBits,
    signalFrameSize,
    cores,
  };
}

/** The processor of a report, ready to be compared. */
export function comparedArmCpu(cpu: ReportedArmCpu): ComparedArmCpu {
  const { pointerAuthentication: pac } = cpu;
  const vector: ArmVector = {
    words: { hwcap: BigInt(cpu.hwcap), hwcap2: BigInt(cpu.hwcap2), hwcap3: BigInt(cpu.hwcap3) },
    sveLengths: cpu.sveVectorLengths,
    sveDefault: cpu.sveDefaultVectorLength,
    smeLengths: cpu.smeVectorLengths,
    smeDefault: cpu.smeDefaultVectorLength,
    pointerAuthentication: pac && { ...pac, mask: pac.mask === null ? null : BigInt(pac.mask) },
    cores: cpu.cores,
  };
  return { vector, addressBits: cpu.addressBits, signalFrameSize: cpu.signalFrameSize };
}
