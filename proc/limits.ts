import { ProcParseError } from "./error.ts";

/** Soft limits of a process (getrlimit(2)); Infinity where there is none. */
export interface Limits {
  /** Descriptors have lower numbers than this one. */
  readonly openFiles: number;
  /** Bytes of address space. */
  readonly addressSpace: number;
}

/** Parses /proc/PID/limits (proc_pid_limits(5)). Throws `ProcParseError` for what has another form. */
export function parseLimits(text: string): Limits {
  return { openFiles: soft(text, "Max open files"), addressSpace: soft(text, "Max address space") };
}

function soft(text: string, name: string): number {
  const word = new RegExp(`^${name} +(\\d+|unlimited) `, "m").exec(text)?.[1];
  if (word === undefined) {
    throw new ProcParseError("limits", `a line ${name}, not ${JSON.stringify(text.slice(0, 80))}`);
  }
  return word === "unlimited" ? Infinity : Number(word);
}
