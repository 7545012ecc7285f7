import type { Probe } from "../probes/probe.ts";
import { OPTIONAL, REQUIRED } from "../probes/required.ts";
import type { Scope } from "../probes/scope.ts";

/** All records; loaded when they are asked for, since what is required can be asked without, and that saves 5 ms. */
export async function registry(): Promise<typeof import("../probes/registry.ts")> {
  return await import("../probes/registry.ts");
}

/** The probes among which a check of that scope chooses. */
export async function probesFor(scope: Scope): Promise<readonly Probe[]> {
  return scope === "REQUIRED" ? [...REQUIRED, ...OPTIONAL] : (await registry()).PROBES;
}
