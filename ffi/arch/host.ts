import type { Arch } from "./arch.ts";
import { x86_64 } from "./x86_64.ts";

/** The architecture this program was compiled for; throws where cready has none. */
export function hostArch(): Arch {
  if (Deno.build.arch === "x86_64") return x86_64;
  throw new Error(`Cannot probe on ${Deno.build.arch}: this build of cready knows x86_64 only`);
}
