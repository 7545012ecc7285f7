import type { DumpedTask } from "../../images/facts.ts";
import { type Item, same } from "../item.ts";
import { need, type RestoreContext } from "./context.ts";

/** What CRIU keeps for itself above the highest descriptor of a task, and the step in which the kernel makes room. */
const SERVICE_DESCRIPTORS = 16, PAD = 16, STEP = 128;
const RLIMIT_NOFILE = 7;

/** What single tasks have that was dumped and cannot be made again. */
export function judgeTasks(context: RestoreContext): Item[] {
  const items = context.facts.tasks.flatMap((task) => [...ofTask(task), ...descriptors(context, task)]);
  return items.length > 0 ? items : [same("tasks", String(context.facts.tasks.length))];
}

function ofTask({ pid, name, badPolicies, strayTimer, tornSegment }: DumpedTask): Item[] {
  const items: Item[] = [];
  const block = (what: string, source: string, reason: string) =>
    items.push(need(`task.${pid}.${what}`, source, name, "blocks", reason));
  if (badPolicies.length > 0) {
    block(
      "schedule",
      `policy ${badPolicies[0]}`,
      "criu cannot set this scheduling policy again, such as the deadline one",
    );
  }
  if (strayTimer) block("timer", "POSIX timer", "its signal is for a thread that has ended");
  if (tornSegment) {
    block("segment", "System V segment", "a part of it was unmapped, and criu attaches segments as a whole");
  }
  return items;
}

/** CRIU needs descriptors of its own above the highest one, below the limit that it can have. */
function descriptors({ sys, host }: RestoreContext, { pid, name, highestDescriptor }: DumpedTask): Item[] {
  const needed = highestDescriptor + SERVICE_DESCRIPTORS + PAD;
  const limit = host.has("CAP_SYS_RESOURCE") ? Number(host.sysctl("fs/nr_open") ?? NaN) : hardLimit(sys);
  if (!(needed > Math.floor(limit / STEP) * STEP)) return [];
  const reason = "criu has no room for its own descriptors above the highest one of the task";
  return [
    need(
      `task.${pid}.descriptors`,
      String(highestDescriptor),
      `${name}: limit ${limit}`,
      "blocks",
      reason,
      "raise the limit of open files (ulimit -Hn, sysctl fs.nr_open)",
    ),
  ];
}

/** The most that a process without CAP_SYS_RESOURCE can have. */
function hardLimit(sys: RestoreContext["sys"]): number {
  const { memory } = sys;
  const mark = memory.mark();
  const limits = memory.alloc(16);
  const result = sys.try("prlimit64", 0, RLIMIT_NOFILE, 0, limits);
  const hard = memory.u64(limits + 8);
  memory.release(mark);
  return result === 0 ? Number(hard) : NaN;
}
