import type { CpuMode } from "./compare_cpu.ts";
import { compatIdOf, type MachineReport } from "./document.ts";
import { type CompareVerdict, verdictOf } from "./item.ts";
import { type Section, sections } from "./sections.ts";

/** A report, and what it is called. */
export interface NamedReport {
  readonly name: string;
  readonly report: MachineReport;
}

/** Machines that compare alike with every machine. */
export interface MachineClass {
  readonly compatId: string | null;
  readonly machines: readonly string[];
}

/** Who can restore whose dumps. */
export interface Matrix {
  /** Machines by compat-id, the largest group first; null for those of which it is not known. */
  readonly groups: readonly { readonly compatId: string | null; readonly machines: readonly string[] }[];
  readonly classes: readonly MachineClass[];
  /** `verdicts[source][target]`, by the places of the classes. */
  readonly verdicts: readonly (readonly CompareVerdict[])[];
}

const RANK: readonly CompareVerdict[] = ["GOOD", "RISK", "UNKNOWN", "BLOCKED"];

/** Compares all with all. */
export function matrixOf(reports: readonly NamedReport[], mode: CpuMode): Matrix {
  const parts = sections(mode).filter((section) => !section.advisoryOnly).map((section) => classify(section, reports));
  // A class is one combination of the classes of all parts.
  const places = new Map<string, number>();
  const members: number[][] = [];
  reports.forEach((_, i) => {
    const key = parts.map((part) => part.classOf[i]).join(",");
    const place = places.get(key) ?? members.length;
    if (place === members.length) {
      places.set(key, place);
      members.push([]);
    }
    members[place]!.push(i);
  });
  const verdicts = members.map(([source]) => members.map(([target]) => worstOf(parts, source!, target!)));
  return {
    groups: groupsOf(reports),
    classes: members.map((indices) => ({
      compatId: compatIdOf(reports[indices[0]!]!.report),
      machines: indices.map((i) => reports[i]!.name),
    })),
    verdicts,
  };
}

/** One section: the class of each report, and the verdict for each pair of classes once it was worked out. */
interface Part {
  readonly classOf: readonly number[];
  /** Rank by source class and target class. */
  rank(source: number, target: number): number;
}

function classify(section: Section, reports: readonly NamedReport[]): Part {
  const places = new Map<string, number>();
  const first: MachineReport[] = [];
  const classOf = reports.map(({ report }) => {
    const key = JSON.stringify(section.key(report));
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, first.length);
    first.push(report);
    return first.length - 1;
  });
  const ranks: (number | undefined)[] = [];
  return {
    classOf,
    rank(source, target) {
      const at = source * first.length + target;
      return ranks[at] ??= RANK.indexOf(
        verdictOf(section.compare(first[source]!, first[target]!).map(({ severity }) => severity)),
      );
    },
  };
}

function worstOf(parts: readonly Part[], source: number, target: number): CompareVerdict {
  let worst = 0;
  for (const part of parts) worst = Math.max(worst, part.rank(part.classOf[source]!, part.classOf[target]!));
  return RANK[worst]!;
}

function groupsOf(reports: readonly NamedReport[]) {
  const groups = new Map<string | null, string[]>();
  for (const { name, report } of reports) {
    const id = compatIdOf(report);
    const group = groups.get(id);
    if (group) group.push(name);
    else groups.set(id, [name]);
  }
  return [...groups].map(([compatId, machines]) => ({ compatId, machines }))
    .sort((a, b) => b.machines.length - a.machines.length);
}
