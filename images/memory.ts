import { MmEntrySchema, type VmaEntry } from "../proto/gen/images_pb.ts";
import { decodeOne } from "./decode.ts";

/** What mm-PID.img tells of a task's memory. */
export interface TaskMemory {
  /** The auxiliary vector that the kernel gave it at its start, by type (getauxval(3)). */
  readonly auxv: ReadonlyMap<number, bigint>;
  /** Whether a part of a System V segment was unmapped out of its middle: then CRIU cannot attach it again. */
  readonly torn: boolean;
}

/** CRIU's mark on mappings of System V segments. */
const VMA_AREA_SYSVIPC = 1 << 10;

/** Reads mm-PID.img. Throws `ImageError`. */
export function taskMemory(name: string, bytes: Uint8Array): TaskMemory {
  const { mmSavedAuxv, vmas } = decodeOne(name, "mm", bytes, MmEntrySchema);
  const auxv = new Map<number, bigint>();
  for (let i = 0; i + 1 < mmSavedAuxv.length && mmSavedAuxv[i] !== 0n; i += 2) {
    auxv.set(Number(mmSavedAuxv[i]), mmSavedAuxv[i + 1]!);
  }
  return { auxv, torn: isTorn(vmas) };
}

/** As CRIU goes through them: a chunk begins at offset 0 of its segment, or where the chunk before it ended. */
function isTorn(vmas: readonly VmaEntry[]): boolean {
  const ends = new Map<bigint, bigint>();
  return vmas.some(({ status, shmid, pgoff, start, end }) => {
    if (!(status & VMA_AREA_SYSVIPC)) return false;
    const before = ends.get(shmid);
    ends.set(shmid, end);
    return pgoff !== 0n && before !== start;
  });
}
