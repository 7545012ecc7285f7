import type { Finding } from "../probes/probe.ts";

/** Findings that may be used again. What could not be decided is no proof, and is not kept. */
export class Proofs {
  readonly #kept = new Map<string, { readonly finding: Finding; readonly at: number }>();

  /** The proof of a feature that is not older than so many milliseconds. */
  get(id: string, maxAgeMs: number): Finding | undefined {
    const kept = maxAgeMs > 0 ? this.#kept.get(id) : undefined;
    return kept && performance.now() - kept.at <= maxAgeMs ? kept.finding : undefined;
  }

  /** Keeps a finding that was just made, and returns it. */
  keep(finding: Finding): Finding {
    if (finding.verdict === "INCONCLUSIVE") this.#kept.delete(finding.feature.id);
    else this.#kept.set(finding.feature.id, { finding, at: performance.now() });
    return finding;
  }
}
