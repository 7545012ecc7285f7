import { create, toBinary } from "@bufbuild/protobuf";
import { compareCpus, type ComparedCpu, type CpuMode } from "../../fleet/compare_cpu.ts";
import { verdictOf } from "../../fleet/item.ts";
import type { CpuVector } from "../../cpu/vector.ts";
import { imageOf } from "../../images/format.ts";
import { CpuinfoEntrySchema, type CpuinfoX86, CpuinfoX86Schema } from "../../proto/gen/images_pb.ts";

/** Images of cpuinfo that the real criu wrote: on processors that qemu plays, and on a real one with AVX-512 and AMX. */
export const IMAGES: ReadonlyMap<string, Uint8Array> = new Map(
  [...Deno.readDirSync(new URL("../testdata/cpuinfo", import.meta.url))]
    .map(({ name }) => name).sort()
    .map((name) => [
      name.replace(/\.img$/, ""),
      Deno.readFileSync(new URL(`../testdata/cpuinfo/${name}`, import.meta.url)),
    ]),
);

/** The words after `--cpu-cap` of criu, and the modes of ours that together are the same. */
export const CRIU_MODES: Readonly<Record<string, readonly CpuMode[]>> = {
  // Without "none" each word is added to the default, fpu and ins.
  "none,fpu": ["fpu"],
  "none,ins": ["ins"],
  "none,cpu": ["cpu"],
  fpu: ["criu-default"],
  cpu: ["criu-default", "cpu"],
  default: ["criu-default"],
  // `criu cpuinfo check` takes "none" for "all".
  none: ["fpu", "ins", "cpu"],
};

/** A processor of which nothing but the vector is known. */
export function bare(vector: CpuVector): ComparedCpu {
  return { vector, xcr0: null, signalFrameSize: null, processorsAlike: null, partial: false };
}

/** Whether ours would let a dump of `source` come back on `target`, in the words of criu's option. */
export function passes(source: CpuVector, target: CpuVector, cap: string): boolean {
  return CRIU_MODES[cap]!.every((mode) =>
    verdictOf(compareCpus(bare(source), bare(target), mode).map(({ severity }) => severity)) === "GOOD"
  );
}

/** An image with these fields. */
export function cpuinfoOf(fields: Partial<Omit<CpuinfoX86, "$typeName" | "$unknown">>, copies = 1): Uint8Array {
  const entry = create(CpuinfoX86Schema, { vendorId: 1, cpuFamily: 6, model: 1, stepping: 1, modelId: "m", ...fields });
  const entries = Array.from({ length: copies }, () => entry);
  return imageOf("cpuinfo", toBinary(CpuinfoEntrySchema, create(CpuinfoEntrySchema, { x86Entry: entries })));
}
