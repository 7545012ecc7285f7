import type { Finding, Probe } from "../probes/probe.ts";
import type { Runner } from "../probes/run.ts";

/** Those that nearly every tree needs, each for itself: loading all probes takes several milliseconds. */
const OFTEN: Readonly<Record<string, () => Promise<{ readonly default: Probe }>>> = {
  get_rseq_conf: () => import("../probes/get_rseq_conf.ts"),
  pagemap_scan_guard_pages: () => import("../probes/pagemap_scan_guard_pages.ts"),
};

async function probeOf(id: string): Promise<Probe | undefined> {
  const often = OFTEN[id];
  if (often) return (await often()).default;
  return (await import("../probes/registry.ts")).featureNamed(id);
}

/** Asks the running kernel for features, by their ids. The probes are loaded only when there is something to ask. */
export async function askFeatures(runner: Runner, ids: Iterable<string>): Promise<ReadonlyMap<string, Finding>> {
  const findings = new Map<string, Finding>();
  for (const id of ids) {
    const probe = await probeOf(id);
    if (probe) findings.set(id, runner.probe(probe));
  }
  return findings;
}
