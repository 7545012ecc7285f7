import { GoneError } from "./gone.ts";
import { quoted } from "./quoted.ts";
import type { Task, Unreadable } from "./task.ts";

/** A task as reports show it (schema/process.graphql). */
export interface ProcessView {
  readonly id: string;
  readonly pid: number;
  readonly name: string;
  readonly uid: number | null;
  readonly cgroup: string | null;
  readonly threads: number;
  readonly unreadable: readonly Unreadable[];
}

/** How a task is shown. */
export function processOf(task: Task): ProcessView {
  const groups = cgroupOf(task);
  const group = groups?.find(({ hierarchy }) => hierarchy === 0) ?? groups?.[0];
  return {
    id: task.id,
    pid: task.pid,
    name: quoted(task.name),
    uid: task.status.uids[1] ?? null,
    cgroup: group ? quoted(group.path) : null,
    threads: Math.max(1, task.status.threads),
    unreadable: task.unreadable,
  };
}

/** Null for a task that has ended since it was found, too. */
function cgroupOf(task: Task): Task["cgroup"] {
  try {
    return task.cgroup;
  } catch (error) {
    if (error instanceof GoneError) return null;
    throw error;
  }
}
