import type { Probe } from "../probes/probe.ts";
import { CRIU_NAMES } from "../probes/names.ts";
import { featureNamed, PROBES } from "../probes/registry.ts";
import { closestName } from "./spelling.ts";
import { shown, UsageError } from "./usage.ts";

/** The probe of a name that is none of criu's: cready's own. Throws `UsageError` for a word that is no name. */
export function otherFeature(name: string): Probe {
  const probe = featureNamed(name);
  if (probe) return probe;
  const close = closestName(name, [...CRIU_NAMES, ...PROBES.map(({ id }) => id)]);
  throw new UsageError(`Unknown feature ${shown(name)}${close ? ` (did you mean ${close}?)` : ""}`);
}
