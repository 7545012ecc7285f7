import type { Finding } from "../probes/probe.ts";
import type { Runner } from "../probes/run.ts";

/** Asks the running kernel for features, by their ids. The probes are loaded only when there is something to ask. */
export async function askFeatures(runner: Runner, ids: Iterable<string>): Promise<ReadonlyMap<string, Finding>> {
  const wanted = [...ids];
  if (wanted.length === 0) return new Map();
  const { featureNamed } = await import("../probes/registry.ts");
  return new Map(wanted.flatMap((id) => {
    const probe = featureNamed(id);
    return probe ? [[id, runner.probe(probe)]] : [];
  }));
}
