import { execute, type ExecutionResult, type GraphQLSchema, parse, validate } from "graphql";
import type { InstalledCriu } from "../../host/criu.ts";
import type { Feature, Finding } from "../../probes/probe.ts";
import type { Scope } from "../../probes/scope.ts";
import type { InspectionRecord } from "../../report/inspection_record.ts";
import type { PageAsked, PlanAsked, ProcessRef } from "../../report/process_request.ts";
import type { CheckReport } from "../../report/report.ts";
import type { Ask } from "../../resolvers/context.ts";
import type { HostFacts, ProcessNode } from "../../resolvers/models.ts";
import { executableSchema } from "../../resolvers/schema.ts";

const folder = new URL("../../schema/", import.meta.url);

/** The text of a file in schema/. */
export function schemaFile(path: string): string {
  return Deno.readTextFileSync(new URL(path, folder));
}

/** The schema as it is executed. */
export function testSchema(): GraphQLSchema {
  return executableSchema();
}

/** A kernel that answers what a test says, and remembers what it was asked. */
export class FakeAsk implements Ask {
  readonly asked: string[] = [];
  readonly #findings: readonly Finding[];
  readonly #report: CheckReport;
  readonly #inspection: InspectionRecord | undefined;

  /** `inspection`: of the one process that there is. */
  constructor(findings: readonly Finding[], report: CheckReport, inspection?: InspectionRecord) {
    this.#inspection = inspection;
    this.#findings = findings;
    this.#report = report;
  }

  host(): HostFacts {
    this.asked.push("host");
    return this.#report.host;
  }

  criu(): InstalledCriu {
    this.asked.push("criu");
    return { path: "/usr/sbin/criu", version: "4.2.1", fault: null, plugins: ["cuda_plugin"], configFiles: [] };
  }

  cpuCompatId(): string {
    this.asked.push("cpu");
    return "0123456789ab";
  }

  finding(feature: Feature, maxAgeMs: number): Finding {
    this.asked.push(`finding ${feature.id} ${maxAgeMs}`);
    const finding = this.#findings.find((one) => one.feature.id === feature.id);
    if (!finding) throw new Error(`the test has no finding of ${feature.id}`);
    return finding;
  }

  check(scope: Scope): CheckReport {
    this.asked.push(`check ${scope}`);
    return this.#report;
  }

  async *watch(scope: Scope): AsyncGenerator<Finding | CheckReport> {
    this.asked.push(`watch ${scope}`);
    yield* this.#report.findings;
    yield this.#report;
  }

  changes(scope: Scope, everySeconds: number): Promise<AsyncIterable<Finding>> {
    this.asked.push(`changes ${scope} ${everySeconds}`);
    return Promise.resolve((async function* (findings) {
      yield* findings;
    })(this.#findings));
  }

  process(ref: ProcessRef): ProcessNode | null {
    this.asked.push(`process ${JSON.stringify(ref)}`);
    return this.#inspection?.process ?? null;
  }

  processes({ first, after }: PageAsked): ProcessNode[] {
    this.asked.push(`processes ${first} ${after}`);
    return this.#inspection ? [this.#inspection.process] : [];
  }

  children(id: string): ProcessNode[] {
    this.asked.push(`children ${id}`);
    const child = { ...this.#inspection!.process, id: "9@9", children: [] };
    return [child];
  }

  inspection(id: string, plan: PlanAsked): InspectionRecord {
    this.asked.push(`inspection ${id} ${plan.engine}`);
    return this.#inspection!;
  }

  inspections(ref: ProcessRef, plan: PlanAsked, everySeconds: number): Promise<AsyncIterable<InspectionRecord>> {
    this.asked.push(`inspections ${JSON.stringify(ref)} ${plan.engine} ${everySeconds}`);
    return Promise.resolve((async function* (inspection) {
      yield inspection;
    })(this.#inspection!));
  }
}

/** Executes a document; its answer, with errors if there are some. */
export async function answered(query: string, ask: Ask, variables: Record<string, unknown> = {}) {
  const schema = testSchema(), document = parse(query);
  const errors = validate(schema, document);
  if (errors.length > 0) return { errors } as ExecutionResult;
  return await execute({ schema, document, variableValues: variables, contextValue: { ask } });
}

/** Executes a published document; throws on any error. */
export async function executed(document: string, variables: Record<string, unknown>, ask: Ask) {
  const result = await answered(schemaFile(document), ask, variables);
  if (result.errors) throw new AggregateError(result.errors, result.errors.map(String).join("\n"));
  return result.data as Record<string, unknown>;
}
