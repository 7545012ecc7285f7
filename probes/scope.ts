import type { Host } from "../host/host.ts";
import type { CategoryName, Probe } from "./probe.ts";

/** As criu's flags: none, --extra, --experimental, --all. */
export type Scope = "REQUIRED" | "EXTRA" | "EXPERIMENTAL" | "ALL";

const SCOPES: Readonly<Record<Scope, readonly CategoryName[]>> = {
  REQUIRED: ["REQUIRED", "OPTIONAL"],
  EXTRA: ["REQUIRED", "EXTRA", "OPTIONAL"],
  EXPERIMENTAL: ["REQUIRED", "EXPERIMENTAL", "OPTIONAL"],
  ALL: ["REQUIRED", "EXTRA", "EXPERIMENTAL", "OPTIONAL"],
};

/** Which of some probes a check of that scope asks, in order; without what criu leaves out on such a machine. */
export function inScope(probes: readonly Probe[], scope: Scope, host: Host): Probe[] {
  return SCOPES[scope].flatMap((category) =>
    probes.filter((probe) => probe.category === category && (probe.appliesHere?.(host) ?? true))
  );
}
