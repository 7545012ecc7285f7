import type { Host } from "../host/host.ts";
import { CRIU_NAMES } from "./names.ts";
import type { CategoryName, Probe } from "./probe.ts";
import kcmp from "./kcmp.ts";
import map_files from "./map_files.ts";
import prctl_mm_map from "./prctl_mm_map.ts";
import seccomp_filters from "./seccomp_filters.ts";

/** Everything that can be asked, in the order in which criu 4.2 checks it; those that only --feature reaches last. */
export const PROBES: readonly Probe[] = [
  // REQUIRED
  map_files,
  kcmp,
  // EXTRA
  prctl_mm_map,
  seccomp_filters,
  // EXPERIMENTAL
  // OPTIONAL
  // only --feature reaches these
];

/** The names that `--feature` takes and criu knows, in the order in which they are listed. */
export const FEATURE_NAMES: readonly string[] = CRIU_NAMES.filter((name) =>
  PROBES.some(({ criuName }) => criuName === name)
);

const SCOPES: Readonly<Record<Scope, readonly CategoryName[]>> = {
  REQUIRED: ["REQUIRED", "OPTIONAL"],
  EXTRA: ["REQUIRED", "EXTRA", "OPTIONAL"],
  EXPERIMENTAL: ["REQUIRED", "EXPERIMENTAL", "OPTIONAL"],
  ALL: ["REQUIRED", "EXTRA", "EXPERIMENTAL", "OPTIONAL"],
};

/** As criu's flags: none, --extra, --experimental, --all. */
export type Scope = "REQUIRED" | "EXTRA" | "EXPERIMENTAL" | "ALL";

/** What a check of that scope asks, in order; without what criu leaves out on such a machine. */
export function probesOf(scope: Scope, host: Host): Probe[] {
  return SCOPES[scope].flatMap((category) =>
    PROBES.filter((probe) => probe.category === category && (probe.appliesHere?.(host) ?? true))
  );
}

/** The probe of a name: criu's, or cready's id. */
export function featureNamed(name: string): Probe | undefined {
  return PROBES.find((probe) => probe.criuName === name) ?? PROBES.find((probe) => probe.id === name);
}
