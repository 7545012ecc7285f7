import type { InspectionRecord, ObstacleRecord, OptionRecord } from "./inspection_record.ts";

/** An inspection on its way, a process and an obstacle only once however often they are named. */
export interface PackedInspection {
  readonly processes: readonly InspectionRecord["process"][];
  readonly obstacles: readonly (Omit<ObstacleRecord, "process"> & { readonly process: number })[];
  readonly options: readonly (Omit<OptionRecord, "obstacles"> & { readonly obstacles: readonly number[] })[];
  readonly rest: Omit<InspectionRecord, "process" | "obstacles" | "options">;
}

/** Packs an inspection with at most so many obstacles, the first ones; its root is the first of the processes. */
export function packed(
  { process, obstacles: found, options, ...rest }: InspectionRecord,
  most = Infinity,
): PackedInspection {
  const obstacles = found.slice(0, most);
  const processes = new Map([[process, 0]]);
  const numberOf = (one: InspectionRecord["process"]): number => {
    const number = processes.get(one) ?? processes.size;
    processes.set(one, number);
    return number;
  };
  const numbers = new Map(obstacles.map((one, i) => [one, i]));
  const all = obstacles.map((one) => ({ ...one, process: numberOf(one.process) }));
  return {
    processes: [...processes.keys()],
    obstacles: all,
    options: options.map((one) => ({
      ...one,
      obstacles: one.obstacles.flatMap((lifted) => numbers.get(lifted) ?? []),
    })),
    rest,
  };
}

/** The inspection again. */
export function unpacked({ processes, obstacles, options, rest }: PackedInspection): InspectionRecord {
  const all = obstacles.map((one) => ({ ...one, process: processes[one.process]! }));
  return {
    process: processes[0]!,
    obstacles: all,
    options: options.map((one) => ({ ...one, obstacles: one.obstacles.map((number) => all[number]!) })),
    ...rest,
  };
}
