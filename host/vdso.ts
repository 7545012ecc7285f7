import type { Sys } from "../ffi/sys.ts";
import { parseMaps } from "../proc/maps.ts";
import { dynamicSymbols } from "./elf.ts";
import type { Host } from "./host.ts";

/** The piece of code that the kernel maps into every process, which CRIU moves and joins with the one of the dump. */
export interface Vdso {
  readonly sizeBytes: number;
  /** Its functions, sorted: what a dump's own vDSO is made to jump to. */
  readonly symbols: readonly string[];
}

/** No vDSO is larger. */
const LIMIT = 1 << 20;

/** The vDSO of this process; null where there is none, as on a kernel booted with vdso=0. */
export function vdso(sys: Sys, host: Host): Vdso | null {
  const mapping = parseMaps(host.read("/proc/self/maps") ?? "").find(({ path }) => path === "[vdso]");
  if (!mapping) return null;
  const sizeBytes = mapping.end - mapping.start;
  const symbols = dynamicSymbols(sys.libc.code(mapping.start, Math.min(sizeBytes, LIMIT)));
  return symbols ? { sizeBytes, symbols: symbols.sort() } : null;
}
