import type { CpuMode } from "./compare_cpu.ts";
import type { MachineReport } from "./document.ts";
import { type CompareVerdict, type Item, verdictOf } from "./item.ts";
import { sections } from "./sections.ts";

/** What `cready compare` says of two machines. */
export interface Comparison {
  readonly verdict: CompareVerdict;
  readonly items: readonly Item[];
}

/** Whether what is dumped on the source can be restored on the target, as far as the machines decide. */
export function compareMachines(source: MachineReport, target: MachineReport, mode: CpuMode): Comparison {
  const [first, ...others] = sections(mode);
  const items = first!.compare(source, target);
  // All else that two architectures differ in would hide the one thing that decides.
  if (source.architecture !== target.architecture) return comparison(items);
  return comparison([...items, ...others.flatMap((section) => section.compare(source, target))]);
}

/** Items, and what they come to. */
export function comparison(items: readonly Item[]): Comparison {
  return { verdict: verdictOf(items.map(({ severity }) => severity)), items };
}
