import type { InstalledCriu } from "../host/criu.ts";
import type { Feature, Finding } from "../probes/probe.ts";
import type { Scope } from "../probes/scope.ts";
import type { InspectionRecord } from "../report/inspection_record.ts";
import type { PageAsked, PlanAsked, ProcessRef } from "../report/process_request.ts";
import { type CheckReport, reportFrom } from "../report/report.ts";
import { noProcess, processFault } from "../resolvers/argument.ts";
import type { Ask } from "../resolvers/context.ts";
import type { HostFacts, ProcessNode } from "../resolvers/models.ts";
import { childrenIn } from "../resolvers/tree.ts";
import { inspectionsThatDiffer, untilGone } from "../resolvers/watch_inspection.ts";
import type { Answers } from "./answers.ts";

/** Asks the kernel through the prober, for one request. */
export class AskProber implements Ask {
  readonly #answers: Answers;
  readonly #gone: AbortSignal;

  readonly #processes: boolean;

  /** `gone` is aborted when nobody waits for the answer any more. `processes`: those are told of. */
  constructor(answers: Answers, gone: AbortSignal, processes: boolean) {
    this.#answers = answers;
    this.#gone = gone;
    this.#processes = processes;
  }

  async host(): Promise<HostFacts> {
    return (await this.#answers.facts()).host;
  }

  criu(): Promise<InstalledCriu | null> {
    return this.#answers.criu();
  }

  cpuCompatId(): Promise<string | null> {
    return this.#answers.cpuCompatId();
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

  process(ref: ProcessRef): Promise<ProcessNode | null> {
    return this.#about(() => this.#answers.process(ref));
  }

  processes(page: PageAsked): Promise<readonly ProcessNode[]> {
    return this.#about(() => this.#answers.processes(page));
  }

  children(id: string): Promise<readonly ProcessNode[]> {
    return this.#about(async () => childrenIn(await this.#answers.tree(id)));
  }

  inspection(id: string, plan: PlanAsked): Promise<InspectionRecord> {
    return this.#about(() => this.#answers.inspection(id, plan));
  }

  async inspections(ref: ProcessRef, plan: PlanAsked, everySeconds: number): Promise<AsyncIterable<InspectionRecord>> {
    const { id } = await this.process(ref) ?? noProcess();
    const first = await this.inspection(id, plan);
    const look = untilGone(() => this.inspection(id, plan));
    return inspectionsThatDiffer(first, look, () => this.#sleep(everySeconds * 1000));
  }

  #turn: Promise<unknown> = Promise.resolve();
  /** One at a time, so that a request about many processes leaves probers to the others, and ends with its client. */
  #about<T>(ask: () => Promise<T>): Promise<T> {
    const refused = (code: "PROCESSES_NOT_SERVED" | "PROCESS_GONE", message: string) =>
      Promise.reject(processFault(code, message));
    if (!this.#processes) {
      return refused(
        "PROCESSES_NOT_SERVED",
        "Processes are told of on the Unix socket alone, unless cready serve is started with --processes",
      );
    }
    const mine = this.#turn.then(() => this.#gone.aborted ? refused("PROCESS_GONE", "The client has gone") : ask());
    this.#turn = mine.catch(() => {});
    return mine;
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
