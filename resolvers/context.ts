import type { InstalledCriu } from "../host/criu.ts";
import type { Feature, Finding } from "../probes/probe.ts";
import type { Scope } from "../probes/scope.ts";
import type { InspectionRecord } from "../report/inspection_record.ts";
import type { PageAsked, PlanAsked, ProcessRef } from "../report/process_request.ts";
import type { CheckReport } from "../report/report.ts";
import type { HostFacts, ProcessNode } from "./models.ts";

type Awaitable<T> = T | Promise<T>;

/** Whoever asks the kernel: this process, or the prober of `cready serve`. */
export interface Ask {
  /** The machine, and the rights with which the kernel is asked. */
  host(): Awaitable<HostFacts>;
  /** The criu in PATH, which is run for it; null where there is none. */
  criu(): Awaitable<InstalledCriu | null>;
  /** As `cready report`; null where something that it takes is not known. */
  cpuCompatId(): Awaitable<string | null>;
  /** As `cready check --feature`; a proof may be so many milliseconds old. */
  finding(feature: Feature, maxAgeMs: number): Awaitable<Finding>;
  /** As `cready check --json`. */
  check(scope: Scope): Awaitable<CheckReport>;
  /** Each finding of a check as it is made, then the report. */
  watch(scope: Scope): AsyncIterable<Finding | CheckReport>;
  /**
   * Findings whose verdict changed, looked for every so many seconds; ends only when its reader ends it. Resolves when it
   * is known how things are now.
   */
  changes(scope: Scope, everySeconds: number): Promise<AsyncIterable<Finding>>;
  /** One process; null where there is none. */
  process(ref: ProcessRef): Awaitable<ProcessNode | null>;
  /** The roots of all trees, a page of them. */
  processes(page: PageAsked): Awaitable<readonly ProcessNode[]>;
  /** The children of a process, by its id, each with its own. */
  children(id: string): Awaitable<readonly ProcessNode[]>;
  /** As `cready inspect PID --json`, of the process with an id. */
  inspection(id: string, plan: PlanAsked): Awaitable<InspectionRecord>;
  /** An inspection, and a new one whenever it says something else, looked for every so many seconds. */
  inspections(ref: ProcessRef, plan: PlanAsked, everySeconds: number): Promise<AsyncIterable<InspectionRecord>>;
}

/** What a resolver may use. */
export interface Context {
  readonly ask: Ask;
}
