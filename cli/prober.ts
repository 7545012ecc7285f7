import type { Libc } from "../ffi/libc.ts";
import { probe } from "../server/prober.ts";

/** What `cready serve` runs to ask the kernel. */
export async function run(args: readonly string[], libc: Libc): Promise<number> {
  await probe(libc, Number(args[1]));
  return 0;
}
