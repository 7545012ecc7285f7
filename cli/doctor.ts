import type { Libc } from "../ffi/libc.ts";
import type { CommandOption } from "./commands.ts";
export const OPTIONS: readonly CommandOption[] = [];
export function help(): string {
  return "";
}
export function run(_args: readonly string[], _libc: Libc): number {
  return 0;
}
