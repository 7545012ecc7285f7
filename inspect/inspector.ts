import type { Finding } from "../probes/probe.ts";
import type { Runner } from "../probes/run.ts";
import { Caller } from "./caller.ts";
import type { CriuVersion } from "./criu_version.ts";
import { planFor, type PlanOf, type PlanRequest } from "./engines/plan.ts";
import { askFeatures } from "./features.ts";
import { allRoots } from "./find.ts";
import { installedCriu } from "./installed_criu.ts";
import { look } from "./look.ts";
import { conclude, featuresNeeded, type Inspection } from "./verdict.ts";

/** An answer about one tree, and how its dump would be made. `using` closes the tree's folders. */
export interface Inspected extends Disposable {
  readonly inspection: Inspection;
  readonly planOf: PlanOf;
}

/** What all inspections of one run share: who looks, which criu is judged for, and what the kernel was asked already. */
export class Inspector {
  readonly #runner: Runner;
  readonly #stop: boolean;
  readonly #findings = new Map<string, Finding>();
  readonly caller: Caller;
  readonly #criuPath: string | undefined;
  #criu: CriuVersion | undefined;

  /** `criu`: another program than the one in PATH. `stop`: threads may be stopped for a moment. */
  constructor(runner: Runner, { criu, stop = false }: { readonly criu?: string; readonly stop?: boolean } = {}) {
    this.#runner = runner;
    this.#stop = stop;
    this.caller = new Caller(runner.sys);
    this.#criuPath = criu;
  }

  /** The criu that is judged for. */
  get criu(): CriuVersion {
    return this.#criu ??= installedCriu(this.#runner.sys, this.#criuPath);
  }

  /** The roots of all trees of this host that somebody might dump, but for the one that looks. */
  roots(): number[] {
    return allRoots(this.#runner.sys).filter((pid) => !this.caller.ancestors.has(pid));
  }

  /** Judges the tree of a root. Throws `NoTreeError`, `NoContainerError`. */
  async inspect(pid: number, request: PlanRequest): Promise<Inspected> {
    const { sys, host } = this.#runner;
    const { caller, criu } = this;
    const planOf = planFor(sys, pid, request, criu.version);
    const seen = look({ sys, host, caller, criu, plan: planOf.plan, stop: this.#stop }, pid);
    try {
      const missing = [...featuresNeeded(seen)].filter((id) => !this.#findings.has(id));
      for (const [id, finding] of await askFeatures(this.#runner, missing)) this.#findings.set(id, finding);
      const inspection = conclude(seen, this.#findings);
      return { inspection, planOf, [Symbol.dispose]: () => seen[Symbol.dispose]() };
    } catch (error) {
      seen[Symbol.dispose]();
      throw error;
    }
  }

  /** criu's name of a feature that was asked for an inspection. */
  criuName(id: string): string | null {
    return this.#findings.get(id)?.feature.criuName ?? null;
  }
}
