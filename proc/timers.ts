import { ProcParseError } from "./error.ts";

/** One POSIX timer of /proc/PID/timers (proc_pid_timers(5)). */
export interface PosixTimer {
  readonly id: number;
  readonly signal: number;
  /** `none`, `signal` or `thread`. */
  readonly notify: string;
  /** Whether the number is a thread's (`tid`) or a process's (`pid`). */
  readonly kind: "pid" | "tid";
  readonly target: number;
  readonly clock: number;
}

const GROUP = /^ID: (\d+)\nsignal: (\d+)\/[0-9a-f]+\nnotify: (\w+)\/(pid|tid)\.(-?\d+)\nClockID: (-?\d+)\n?/;

/** Parses /proc/PID/timers. Throws `ProcParseError` for what has another form. */
export function parseTimers(text: string): PosixTimer[] {
  const timers: PosixTimer[] = [];
  for (let rest = text; rest !== "";) {
    const found = GROUP.exec(rest);
    if (!found) throw new ProcParseError("timers", `a timer, not ${JSON.stringify(rest.slice(0, 80))}`);
    timers.push({
      id: Number(found[1]),
      signal: Number(found[2]),
      notify: found[3]!,
      kind: found[4] as "pid" | "tid",
      target: Number(found[5]),
      clock: Number(found[6]),
    });
    rest = rest.slice(found[0].length);
  }
  return timers;
}
