import { findProgram } from "../ffi/programs.ts";
import type { Sys } from "../ffi/sys.ts";
import { outputOf } from "./criu.ts";

/** A container runtime, and what it declares of itself: what it was built with, not what this machine has. */
export interface Engine {
  readonly name: string;
  readonly path: string;
  /** The versions of the runtime specification that it takes; null where it does not say. */
  readonly ociVersionMin: string | null;
  readonly ociVersionMax: string | null;
  /** Whether it was built to checkpoint (its own annotation); null where it does not say, which is no "no". */
  readonly checkpoint: boolean | null;
  /** Its own version by its annotations; null where it does not say. */
  readonly version: string | null;
  /** Why nothing is known of it; null where it answered. */
  readonly fault: string | null;
}

/** The runtimes that have a `features` command, and the annotation by which each says that it can checkpoint. */
const RUNTIMES: readonly (readonly [name: string, checkpoint: string, version: string])[] = [
  ["runc", "org.opencontainers.runc.checkpoint.enabled", "org.opencontainers.runc.version"],
  ["crun", "run.oci.crun.checkpoint.enabled", "run.oci.crun.version"],
];

/** Asks those that are installed. */
export function engines(sys: Sys): Engine[] {
  return RUNTIMES.flatMap(([name, checkpoint, version]) => {
    const { path, refused } = findProgram(sys, name);
    if (path === null && refused === null) return [];
    const nothing = { name, ociVersionMin: null, ociVersionMax: null, checkpoint: null, version: null };
    if (path === null) return [{ ...nothing, path: refused!.split(" ")[0]!, fault: refused }];
    const { output, fault } = outputOf(sys, path, ["features"]);
    if (fault !== null) return [{ ...nothing, path, fault }];
    return [{ ...nothing, path, ...parseFeatures(output, checkpoint, version) }];
  });
}

/** What a runtime's `features` document declares (runtime-spec, features.md); `fault` where it is none. */
export function parseFeatures(text: string, checkpoint: string, version: string) {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { fault: "its features are no JSON" };
  }
  const field = (value: unknown, name: string): unknown =>
    typeof value === "object" && value !== null && Object.hasOwn(value, name)
      ? (value as Record<string, unknown>)[name]
      : undefined;
  const string = (value: unknown) => typeof value === "string" ? value.slice(0, 64) : null;
  const enabled = field(field(document, "annotations"), checkpoint);
  return {
    ociVersionMin: string(field(document, "ociVersionMin")),
    ociVersionMax: string(field(document, "ociVersionMax")),
    checkpoint: enabled === "true" ? true : enabled === "false" ? false : null,
    version: string(field(field(document, "annotations"), version)),
    fault: null,
  };
}
