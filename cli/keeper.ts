import type { Libc } from "../ffi/libc.ts";
import { keep } from "../server/keeper.ts";

/** What `cready serve` runs to start and end probers. */
export function run(args: readonly string[], libc: Libc): number {
  keep(libc, args.slice(2));
  return 0;
}
