/** Who makes the dump: whose options, config files and external mounts apply. */
export const ENGINES = ["CRIU", "RUNC", "CRUN", "PODMAN", "CRIO", "CONTAINERD"] as const;
export type Engine = (typeof ENGINES)[number];

/** One option of criu with its argument, as it is given: `--tcp-established`, `--external file[1f:2a]`. */
export interface GivenCriuOption {
  /** Without the dashes. */
  readonly name: string;
  readonly value: string | null;
  /** Where it is from: `command line`, or the path of a config file. */
  readonly from: string;
}

/** How the dump would be made. */
export interface DumpPlan {
  readonly engine: Engine;
  /** Options that apply already: config files, the engine's own, and the user's, in this order. */
  readonly options: readonly GivenCriuOption[];
  readonly preDump: boolean;
  readonly lazyPages: boolean;
  readonly leaveRunning: boolean;
}

/** A plain `criu dump -t PID`. */
export const PLAIN_PLAN: DumpPlan = {
  engine: "CRIU",
  options: [],
  preDump: false,
  lazyPages: false,
  leaveRunning: false,
};

/** Whether an option is given; with `value`, exactly with that argument. */
export function given(plan: DumpPlan, name: string, value?: string): boolean {
  return plan.options.some((one) => one.name === name && (value === undefined || one.value === value));
}

/** The arguments with which an option is given. */
export function argumentsOf(plan: DumpPlan, name: string): string[] {
  return plan.options.flatMap((one) => (one.name === name && one.value !== null ? [one.value] : []));
}
