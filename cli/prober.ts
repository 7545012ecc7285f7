import type { Libc } from "../ffi/libc.ts";
import { probe } from "../server/prober.ts";

/** What `cready serve` runs to ask the kernel. */
export async function run(_args: readonly string[], libc: Libc): Promise<number> {
  await probe(libc);
  return 0;
}
