import { ProcParseError } from "./error.ts";

/** Parses /proc/PID/task/TID/children (proc_pid_task_tid_children(5)): pids, divided by blanks. */
export function parseChildren(text: string): number[] {
  return text.split(" ").filter((word) => word.trim() !== "").map((word) => {
    if (!/^\d+\s*$/.test(word)) throw new ProcParseError("children", `a pid, not ${JSON.stringify(word)}`);
    return Number(word);
  });
}
