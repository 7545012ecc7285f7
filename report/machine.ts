import { reportedCpu } from "../fleet/vector.ts";
import { readCpu } from "../host/cpu.ts";
import { installedCriu } from "../host/criu.ts";
import type { Runner } from "../probes/run.ts";

/** The criu in PATH, as `cready report` has it; null where there is none. Runs it. */
export function criuHere({ sys, host }: Runner): ReturnType<typeof installedCriu> {
  return installedCriu(sys, host);
}

/** The `compatId` of `cready report`; null where something that it takes is not known. */
export async function compatIdHere({ sys, host }: Runner): Promise<string | null> {
  const cpu = readCpu(sys, host);
  return cpu ? (await reportedCpu(cpu)).compatId : null;
}
