import { aarch64 } from "./aarch64.ts";
import type { Arch } from "./arch.ts";
import { x86_64 } from "./x86_64.ts";

/** The architecture this program was compiled for. */
export function hostArch(): Arch {
  return Deno.build.arch === "x86_64" ? x86_64 : aarch64();
}
