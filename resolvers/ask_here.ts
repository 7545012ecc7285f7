import type { InstalledCriu } from "../host/criu.ts";
import type { Feature, Finding, Probe } from "../probes/probe.ts";
import type { Runner } from "../probes/run.ts";
import { inScope, type Scope } from "../probes/scope.ts";
import { surroundings } from "../probes/surroundings.ts";
import type { InspectionRecord } from "../report/inspection_record.ts";
import { ProcessError } from "../report/process_error.ts";
import type { PageAsked, PlanAsked, ProcessRef } from "../report/process_request.ts";
import type { Processes } from "../report/processes.ts";
import { type CheckReport, hostFacts, reportOf } from "../report/report.ts";
import { noProcess, processFault } from "./argument.ts";
import type { Ask } from "./context.ts";
import { probesFor, registry } from "./features.ts";
import type { HostFacts, ProcessNode } from "./models.ts";
import { Proofs } from "./proofs.ts";
import { childrenIn } from "./tree.ts";
import { inspectionsThatDiffer, untilGone } from "./watch_inspection.ts";

/** Asks the kernel from this process, for one operation. */
export class AskHere implements Ask, Disposable {
  readonly #open: () => Runner;
  readonly #proofs = new Proofs();
  #runner: Runner | undefined;

  /** `open` makes a runner; each has one picture of the host. */
  constructor(open: () => Runner) {
    this.#open = open;
  }

  host(): HostFacts {
    return hostFacts(this.#running.host);
  }

  async criu(): Promise<InstalledCriu | null> {
    return (await import("../report/machine.ts")).criuHere(this.#running);
  }

  async cpuCompatId(): Promise<string | null> {
    return await (await import("../report/machine.ts")).compatIdHere(this.#running);
  }

  finding(feature: Feature, maxAgeMs: number): Finding {
    return this.#proofs.get(feature.id, maxAgeMs) ??
      this.#proofs.keep(this.#running.probe(feature as Probe, Infinity, true));
  }

  async check(scope: Scope): Promise<CheckReport> {
    return reportOf(
      scope,
      (await this.#probesOf(scope)).map((probe) => this.#running.probe(probe)),
      this.#running.host,
    );
  }

  async *watch(scope: Scope): AsyncGenerator<Finding | CheckReport> {
    const findings: Finding[] = [];
    for (const probe of await this.#probesOf(scope)) {
      const finding = this.#running.probe(probe);
      findings.push(finding);
      yield finding;
    }
    yield reportOf(scope, findings, this.#running.host);
  }

  async changes(scope: Scope, everySeconds: number): Promise<AsyncIterable<Finding>> {
    // In this order: what changes during the check is seen the next time.
    const before = await this.#surroundings();
    return this.#changesSince(before, (await this.check(scope)).findings, scope, everySeconds);
  }

  async *#changesSince(
    surroundings: string,
    findings: readonly Finding[],
    scope: Scope,
    everySeconds: number,
  ): AsyncGenerator<Finding> {
    const verdicts = new Map(findings.map(({ feature, verdict }) => [feature.id, verdict]));
    for (let before = surroundings;;) {
      await new Promise((resolve) => setTimeout(resolve, everySeconds * 1000));
      this.#renew();
      const now = await this.#surroundings();
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
    return this.#about((processes) => processes.process(ref));
  }

  processes(page: PageAsked): Promise<readonly ProcessNode[]> {
    return this.#about((processes) => processes.roots(page));
  }

  children(id: string): Promise<readonly ProcessNode[]> {
    return this.#about((processes) => childrenIn(processes.tree(id)));
  }

  inspection(id: string, plan: PlanAsked): Promise<InspectionRecord> {
    return this.#about((processes) => processes.inspection(id, plan));
  }

  async inspections(ref: ProcessRef, plan: PlanAsked, everySeconds: number): Promise<AsyncIterable<InspectionRecord>> {
    const { id } = await this.process(ref) ?? noProcess();
    const first = await this.inspection(id, plan);
    const sleep = async () => {
      await new Promise((resolve) => setTimeout(resolve, everySeconds * 1000));
      this.#renew();
      return true;
    };
    return inspectionsThatDiffer(first, untilGone(() => this.inspection(id, plan)), sleep);
  }

  [Symbol.dispose](): void {
    this.#renew();
  }

  #processes: Promise<Processes> | undefined;
  /** What looks at processes is loaded when somebody asks for them. */
  async #about<T>(ask: (processes: Processes) => T | Promise<T>): Promise<T> {
    this.#processes ??= import("../report/processes.ts").then(({ Processes }) => new Processes(this.#running));
    try {
      return await ask(await this.#processes);
    } catch (error) {
      throw error instanceof ProcessError ? processFault(error.code, error.message) : error;
    }
  }

  get #running(): Runner {
    return this.#runner ??= this.#open();
  }

  async #probesOf(scope: Scope): Promise<Probe[]> {
    return inScope(await probesFor(scope), scope, this.#running.host);
  }

  async #surroundings(): Promise<string> {
    return surroundings(this.#running.sys, (await registry()).PROBES);
  }

  #renew(): void {
    this.#runner?.[Symbol.dispose]();
    this.#runner = undefined;
    this.#processes = undefined;
  }
}
