import type { Host } from "./host.ts";

/** Types of getauxval(3) that decide something (linux/auxvec.h). */
export const AT = { PAGESZ: 6, HWCAP: 16, HWCAP2: 26, HWCAP3: 29, MINSIGSTKSZ: 51 } as const;

/** The auxiliary vector that the kernel gave to this process, by type; empty where it cannot be read. */
export function auxv(host: Host): ReadonlyMap<number, bigint> {
  return parseAuxv(host.bytes("/proc/self/auxv") ?? new Uint8Array());
}

/** Parses the bytes of /proc/PID/auxv: pairs of 64-bit words, ended by a type of 0. */
export function parseAuxv(bytes: Uint8Array): Map<number, bigint> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Map<number, bigint>();
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const type = view.getBigUint64(at, true);
    if (type === 0n) break;
    values.set(Number(type), view.getBigUint64(at + 8, true));
  }
  return values;
}
