import { ProcParseError } from "./error.ts";

/** One line of /proc/PID/uid_map or gid_map (user_namespaces(7)). */
export interface IdRange {
  /** First id inside the namespace. */
  readonly inside: number;
  /** First id in the reader's namespace, or in the parent where the reader is in the same one. */
  readonly outside: number;
  readonly count: number;
}

/** Parses uid_map and gid_map; empty before a map was written. */
export function parseIdMap(text: string): IdRange[] {
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => {
    const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line);
    if (!found) throw new ProcParseError("uid_map", `three numbers, not ${JSON.stringify(line)}`);
    return { inside: Number(found[1]), outside: Number(found[2]), count: Number(found[3]) };
  });
}

/** Whether a map holds an id of the inside. */
export function mapsInside(map: readonly IdRange[], id: number): boolean {
  return map.some(({ inside, count }) => id >= inside && id < inside + count);
}
