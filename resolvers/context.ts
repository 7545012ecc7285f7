import type { Feature, Finding } from "../probes/probe.ts";
import type { Scope } from "../probes/scope.ts";
import type { CheckReport } from "../report/report.ts";
import type { HostFacts } from "./models.ts";

type Awaitable<T> = T | Promise<T>;

/** Whoever asks the kernel: this process, or the prober of `cready serve`. */
export interface Ask {
  /** The machine, and the rights with which the kernel is asked. */
  host(): Awaitable<HostFacts>;
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
}

/** What a resolver may use. */
export interface Context {
  readonly ask: Ask;
}
