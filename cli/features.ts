import type { Probe } from "../probes/probe.ts";
import { probeOf } from "../probes/groups.ts";

/** The probe of a name that was given to --feature. Throws `UsageError`, with the name that may have been meant. */
export async function probeNamed(name: string): Promise<Probe> {
  return await probeOf(name) ?? (await import("./other_feature.ts")).otherFeature(name);
}
