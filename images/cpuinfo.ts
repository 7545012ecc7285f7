import { create, toBinary } from "@bufbuild/protobuf";
import type { CpuVector } from "../cpu/vector.ts";
import { CRIU_WORDS, WORDS_OF_VERSION_1 } from "../cpu/words.ts";
import { CpuinfoEntrySchema, CpuinfoX86Schema } from "../proto/gen/images_pb.ts";
import { decodeOne } from "./decode.ts";
import { ImageError } from "./error.ts";
import { imageOf } from "./format.ts";

const VENDOR_NUMBERS = { INTEL: 1, AMD: 2 } as const;
const CAPABILITY_VERSION = 2;
const WORDS: Readonly<Record<number, number>> = { 1: WORDS_OF_VERSION_1, 2: CRIU_WORDS.length };

/** cpuinfo.img, byte for byte as `criu cpuinfo dump` writes it. Throws `ImageError` for a processor that CRIU refuses. */
export function cpuinfoImage(vector: CpuVector): Uint8Array {
  const { vendor, family, model, stepping, words, modelName, xfeatures, xsaveSize, xsaveSizeMax } = vector;
  if (vendor === "OTHER") throw new ImageError("cpuinfo.img knows the processors of Intel, AMD and Hygon only");
  if (xfeatures === undefined || xsaveSize === undefined || xsaveSizeMax === undefined) {
    throw new ImageError("cpuinfo.img cannot be written: this machine does not tell all of its processor");
  }
  const entry = create(CpuinfoX86Schema, {
    vendorId: VENDOR_NUMBERS[vendor],
    cpuFamily: family,
    model,
    stepping,
    capabilityVer: CAPABILITY_VERSION,
    capability: [...words],
    ...(modelName ? { modelId: modelName } : {}),
    xfeaturesMask: xfeatures,
    xsaveSize,
    xsaveSizeMax,
  });
  return imageOf("cpuinfo", toBinary(CpuinfoEntrySchema, create(CpuinfoEntrySchema, { x86Entry: [entry] })));
}

/**
 * Reads cpuinfo.img. What an image of an older CRIU does not hold is undefined: words beyond its twelve, and the xsave
 * fields. Throws `ImageError` where CRIU would refuse the image itself.
 */
export function readCpuinfo(name: string, bytes: Uint8Array): ImageCpu {
  const { x86Entry } = decodeOne(name, "cpuinfo", bytes, CpuinfoEntrySchema);
  const entry = x86Entry[0];
  if (!entry || x86Entry.length !== 1) {
    throw new ImageError(`${name} describes ${x86Entry.length} x86 processors, not one`);
  }
  const vendor = entry.vendorId === 1 ? "INTEL" : entry.vendorId === 2 ? "AMD" : undefined;
  if (!vendor) throw new ImageError(`${name} is of the unknown vendor ${entry.vendorId}`);
  const count = WORDS[entry.capabilityVer];
  if (count === undefined) throw new ImageError(`${name} has the unknown capability version ${entry.capabilityVer}`);
  if (entry.capability.length !== count) {
    throw new ImageError(`${name} has ${entry.capability.length} words of capabilities, not ${count}`);
  }
  const has = (field: "xfeaturesMask" | "xsaveSize" | "xsaveSizeMax") => Object.hasOwn(entry, field);
  return {
    vendor,
    family: entry.cpuFamily,
    model: entry.model,
    stepping: entry.stepping,
    modelName: entry.modelId,
    words: entry.capability,
    others: undefined,
    xfeatures: has("xfeaturesMask") ? entry.xfeaturesMask : undefined,
    xsaveSize: has("xsaveSize") ? entry.xsaveSize : undefined,
    xsaveSizeMax: has("xsaveSizeMax") ? entry.xsaveSizeMax : undefined,
  };
}

/** The vector of an image: of the words and numbers, those that it holds. */
export type ImageCpu = CpuVector;
