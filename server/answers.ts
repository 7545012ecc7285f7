import type { GraphQLError } from "graphql";
import type { MachineReport } from "../fleet/document.ts";
import type { InstalledCriu } from "../host/criu.ts";
import type { Feature, Finding } from "../probes/probe.ts";
import type { Scope } from "../probes/scope.ts";
import type { InspectionRecord } from "../report/inspection_record.ts";
import { unpacked } from "../report/packed_inspection.ts";
import type { PageAsked, PlanAsked, ProcessRef } from "../report/process_request.ts";
import type { TreeRecord } from "../report/processes.ts";
import { processFault } from "../resolvers/argument.ts";
import type { HostFacts } from "../resolvers/models.ts";
import { Proofs } from "../resolvers/proofs.ts";
import { ProberError } from "./prober_error.ts";
import type { Probers } from "./probers.ts";
import { type Answer, findingOf, type Question } from "./question.ts";

/** How old a look at the surroundings may be, so that many who watch share one. */
const SURROUNDINGS_MS = 400;

/** What the prober says of its machine once. */
export interface Facts {
  readonly host: HostFacts;
  readonly scopes: Readonly<Record<Scope, readonly string[]>>;
}

/** What the prober says of its machine whenever it is asked, and how long it looked. */
export interface Report {
  readonly report: MachineReport;
  readonly durationMs: number;
}

/** The answers of the probers, shared by all who ask for the same at the same time. */
export class Answers {
  readonly #probers: Probers;
  readonly #most: number;
  readonly #named: Batches;
  readonly #inCategory: Batches;
  #facts: Promise<Facts> | undefined;
  #surroundings: { readonly at: number; readonly text: Promise<string> } | undefined;
  /** Whether the machine is known: then there was a prober that works. */
  ready = false;

  /** `most`: obstacles of an inspection. */
  constructor(probers: Probers, most: number) {
    this.#probers = probers;
    this.#most = most;
    this.#named = new Batches(probers, true);
    this.#inCategory = new Batches(probers, false);
  }

  /** The machine; asked for once, since it does not change while its kernel runs. */
  facts(): Promise<Facts> {
    this.#facts ??= this.#one({ ask: "host" }, (answer) => "host" in answer ? answer : undefined).then((facts) => {
      this.ready = true;
      return facts;
    });
    const facts = this.#facts;
    facts.catch(() => {
      if (this.#facts === facts) this.#facts = undefined;
    });
    return facts;
  }

  /** A finding as of --feature. */
  finding(feature: Feature, maxAgeMs: number): Promise<Finding> | Finding {
    return this.#named.finding(feature.id, maxAgeMs);
  }

  /** The findings of a check, in its order. */
  async findings(scope: Scope): Promise<Promise<Finding>[]> {
    const { scopes } = await this.facts();
    return scopes[scope].map((id) => {
      const finding = this.#inCategory.ask(id);
      // Whoever awaits them in turn gets the first failure; the others are the same.
      finding.catch(() => {});
      return finding;
    });
  }

  /** What findings may change with, as one text. */
  surroundings(): Promise<string> {
    const now = performance.now();
    if (!this.#surroundings || now - this.#surroundings.at > SURROUNDINGS_MS) {
      const text = this.#one(
        { ask: "surroundings" },
        (answer) => "surroundings" in answer ? answer.surroundings : undefined,
      );
      this.#surroundings = { at: now, text };
    }
    return this.#surroundings.text;
  }

  #criu: Promise<InstalledCriu | null> | undefined;
  /** The criu in PATH, asked anew, since it may be another; those who ask at the same time share the answer. */
  criu(): Promise<InstalledCriu | null> {
    this.#criu ??= this.#one({ ask: "criu" }, (answer) => "criu" in answer ? answer.criu : undefined)
      .finally(() => this.#criu = undefined);
    return this.#criu;
  }

  #cpu: Promise<string | null> | undefined;
  /** What the processor is; asked for once. */
  cpuCompatId(): Promise<string | null> {
    if (!this.#cpu) {
      const cpu = this.#one({ ask: "cpu" }, (answer) => "cpuCompatId" in answer ? answer.cpuCompatId : undefined);
      cpu.catch(() => {
        if (this.#cpu === cpu) this.#cpu = undefined;
      });
      this.#cpu = cpu;
    }
    return this.#cpu;
  }

  /** One process; null where there is none. */
  process(ref: ProcessRef): Promise<TreeRecord["process"] | null> {
    return this.#one({ ask: "process", ref }, (answer) => "process" in answer ? answer.process : undefined);
  }

  /** The roots of all trees, a page of them. */
  processes(page: PageAsked): Promise<readonly TreeRecord["process"][]> {
    return this.#one({ ask: "processes", page }, (answer) => "processes" in answer ? answer.processes : undefined);
  }

  /** A process and all that descends from it. */
  tree(id: string): Promise<readonly TreeRecord[]> {
    return this.#one({ ask: "tree", id }, (answer) => "tree" in answer ? answer.tree : undefined);
  }

  readonly #inspections = new Map<string, Promise<InspectionRecord>>();
  /** An inspection; those who ask for the same at the same time share it. */
  inspection(id: string, plan: PlanAsked): Promise<InspectionRecord> {
    const key = JSON.stringify([id, plan]);
    const before = this.#inspections.get(key);
    if (before) return before;
    const asked = this.#one(
      { ask: "inspection", id, plan, most: this.#most },
      (answer) => "inspection" in answer ? unpacked(answer.inspection) : undefined,
    ).finally(() => this.#inspections.delete(key));
    this.#inspections.set(key, asked);
    return asked;
  }

  /** All about the machine, as `cready report` has it. */
  report(): Promise<Report> {
    return this.#one({ ask: "report" }, (answer) => "report" in answer ? answer : undefined);
  }

  async #one<T>(question: Question, pick: (answer: Answer) => T | undefined): Promise<T> {
    let picked: T | undefined;
    let refused: GraphQLError | undefined;
    await this.#probers.ask(question, (answer) => {
      if ("refused" in answer) refused = processFault(answer.refused.code, answer.refused.message);
      const one = pick(answer);
      if (one !== undefined) picked = one;
    });
    if (refused) throw refused;
    if (picked === undefined) throw new ProberError("PROBER_UNAVAILABLE", "The prober gave no answer");
    return picked;
  }
}

/** Somebody waits for a finding. */
interface Waiting {
  readonly promise: Promise<Finding>;
  readonly resolve: (finding: Finding) => void;
  readonly reject: (error: unknown) => void;
}

/** Findings that are asked for: what is asked in one turn goes to one prober, and nothing is asked twice at a time. */
class Batches {
  readonly #probers: Probers;
  readonly #isNamed: boolean;
  readonly #proofs = new Proofs();
  readonly #waiting = new Map<string, Waiting>();
  #batch: string[] = [];

  constructor(probers: Probers, named: boolean) {
    this.#probers = probers;
    this.#isNamed = named;
  }

  finding(id: string, maxAgeMs: number): Promise<Finding> | Finding {
    return this.#proofs.get(id, maxAgeMs) ?? this.ask(id);
  }

  ask(id: string): Promise<Finding> {
    const before = this.#waiting.get(id);
    if (before) return before.promise;
    const { promise, resolve, reject } = Promise.withResolvers<Finding>();
    this.#waiting.set(id, { promise, resolve, reject });
    this.#add([id]);
    return promise;
  }

  #add(ids: readonly string[]): void {
    // A promise's reaction comes after all that the present turn still asks for.
    if (this.#batch.length === 0) void Promise.resolve().then(() => Promise.resolve()).then(() => this.#send());
    this.#batch.push(...ids);
  }

  async #send(): Promise<void> {
    const ids = this.#batch.splice(0);
    const open = new Set(ids);
    try {
      await this.#probers.ask({ ask: "findings", ids, named: this.#isNamed }, (answer) => {
        if (!("finding" in answer)) return;
        open.delete(answer.finding.id);
        this.#settle(answer.finding.id)?.resolve(this.#proofs.keep(findingOf(answer.finding)));
      });
      for (const id of open) {
        this.#settle(id)?.reject(new ProberError("PROBER_UNAVAILABLE", "The prober gave no answer"));
      }
    } catch (error) {
      const [failed, ...others] = open;
      const unavailable = error instanceof ProberError && error.extensions.code === "PROBER_UNAVAILABLE";
      // The prober failed at the first that has no answer; the others were not asked yet, and others may wait for them.
      if (failed !== undefined) this.#settle(failed)?.reject(error);
      if (unavailable) { for (const id of others) this.#settle(id)?.reject(error); }
      else if (others.length > 0) this.#add(others);
    }
  }

  #settle(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
