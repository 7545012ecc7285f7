import type { CategoryName, CriuAnswer, Feature, Finding, Remedy } from "../probes/probe.ts";
import type { InstalledCriu } from "../host/criu.ts";
import type { InspectionRecord, ObstacleRecord, OptionRecord } from "../report/inspection_record.ts";
import type { CheckReport } from "../report/report.ts";
import type { Privilege } from "../host/privilege.ts";

/** The machine, and the rights with which it was asked. */
export type HostFacts = CheckReport["host"];

/** One of criu's four categories. */
export interface Category {
  readonly name: CategoryName;
}

/** A process; its children where its tree was read. */
export type ProcessNode = InspectionRecord["process"] & { readonly children?: readonly ProcessNode[] };

/** The value behind each object type of the schema; a field that is a property of it needs no resolver. */
export interface Models {
  readonly Query: Record<never, never>;
  readonly Subscription: Record<never, never>;
  readonly Host: HostFacts;
  readonly Privilege: Privilege;
  readonly Criu: InstalledCriu;
  readonly Category: Category;
  readonly Feature: Feature;
  readonly Finding: Finding;
  readonly Evidence: Finding["evidence"][number];
  readonly Remedy: Remedy;
  readonly CriuAnswer: CriuAnswer;
  readonly CheckReport: CheckReport;
  readonly Process: ProcessNode;
  readonly Unreadable: ProcessNode["unreadable"][number];
  readonly Inspection: InspectionRecord;
  readonly JudgedCriu: InspectionRecord["criu"];
  readonly DumpOption: OptionRecord;
  readonly Obstacle: ObstacleRecord;
}
