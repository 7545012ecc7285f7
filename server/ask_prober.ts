import type { Feature, Finding } from "../probes/probe.ts";
import type { Scope } from "../probes/scope.ts";
import { type CheckReport, reportFrom } from "../report/report.ts";
import type { Ask } from "../resolvers/context.ts";
import type { HostFacts } from "../resolvers/models.ts";
import type { Answers } from "./answers.ts";

/** Asks the kernel through the prober, for one request. */
export class AskProber implements Ask {
  readonly #answers: Answers;
  readonly #gone: AbortSignal;

  /** `gone` is aborted when nobody waits for the answer any more. */
  constructor(answers: Answers, gone: AbortSignal) {
    this.#answers = answers;
    this.#gone = gone;
  }

  async host(): Promise<HostFacts> {
    return (await this.#answers.facts()).host;
  }

  finding(feature: Feature, maxAgeMs: number): Promise<Finding> | Finding {
    return this.#answers.finding(feature, maxAgeMs);
  }

  async check(scope: Scope): Promise<CheckReport> {
    const findings = await Promise.all(await this.#answers.findings(scope));
    return reportFrom(scope, findings, await this.host());
  }

  async *watch(scope: Scope): AsyncGenerator<Finding | CheckReport> {
    const findings: Finding[] = [];
    for (const coming of await this.#answers.findings(scope)) {
      const finding = await coming;
      findings.push(finding);
      yield finding;
    }
    yield reportFrom(scope, findings, await this.host());
  }

  async changes(scope: Scope, everySeconds: number): Promise<AsyncIterable<Finding>> {
    // In this order: what changes during the check is seen the next time.
    const surroundings = await this.#answers.surroundings();
    const { findings } = await this.check(scope);
    return this.#changesSince(surroundings, findings, scope, everySeconds);
  }

  async *#changesSince(
    surroundings: string,
    findings: readonly Finding[],
    scope: Scope,
    everySeconds: number,
  ): AsyncGenerator<Finding> {
    const verdicts = new Map(findings.map(({ feature, verdict }) => [feature.id, verdict]));
    let before = surroundings;
    while (await this.#sleep(everySeconds * 1000)) {
      const now = await this.#answers.surroundings();
      if (now === before) continue;
      before = now;
      for (const finding of (await this.check(scope)).findings) {
        const was = verdicts.get(finding.feature.id);
        verdicts.set(finding.feature.id, finding.verdict);
        if (was !== finding.verdict) yield finding;
      }
    }
  }

  /** True after so many milliseconds; false at once when nobody waits any more. */
  #sleep(ms: number): Promise<boolean> {
    if (this.#gone.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const stop = () => {
        clearTimeout(timer);
        resolve(false);
      };
      const timer = setTimeout(() => {
        this.#gone.removeEventListener("abort", stop);
        resolve(true);
      }, ms);
      this.#gone.addEventListener("abort", stop, { once: true });
    });
  }
}
