import { MmEntrySchema } from "../proto/gen/images_pb.ts";
import { decodeOne } from "./decode.ts";

/** What mm-PID.img tells of a task's memory. */
export interface TaskMemory {
  /** The auxiliary vector that the kernel gave it at its start, by type (getauxval(3)). */
  readonly auxv: ReadonlyMap<number, bigint>;
}

/** Reads mm-PID.img. Throws `ImageError`. */
export function taskMemory(name: string, bytes: Uint8Array): TaskMemory {
  const { mmSavedAuxv } = decodeOne(name, "mm", bytes, MmEntrySchema);
  const auxv = new Map<number, bigint>();
  for (let i = 0; i + 1 < mmSavedAuxv.length && mmSavedAuxv[i] !== 0n; i += 2) {
    auxv.set(Number(mmSavedAuxv[i]), mmSavedAuxv[i + 1]!);
  }
  return { auxv };
}
