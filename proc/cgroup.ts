import { ProcParseError } from "./error.ts";

/** One line of /proc/PID/cgroup (cgroups(7)). */
export interface CgroupLine {
  /** 0 for the unified hierarchy. */
  readonly hierarchy: number;
  /** Controllers, or `name=…`; empty for the unified hierarchy. */
  readonly controllers: string;
  /** As the reader's cgroup namespace has it; `/..` above its root. */
  readonly path: string;
}

/** Parses /proc/PID/cgroup. A name with a newline cannot exist: mkdir refuses it. */
export function parseCgroup(text: string): CgroupLine[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const found = /^(\d+):([^:]*):(.*)$/s.exec(line);
    if (!found) throw new ProcParseError("cgroup", `hierarchy:controllers:path, not ${JSON.stringify(line)}`);
    return { hierarchy: Number(found[1]), controllers: found[2]!, path: found[3]! };
  });
}
