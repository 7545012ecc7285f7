import { tryReadText } from "../../../ffi/files.ts";
import { openFilesOf } from "../../open_files.ts";
import type { Reporter } from "../../report.ts";
import type { Task } from "../../task.ts";
import type { Tree } from "../../tree.ts";

/** Descriptors that criu opens for itself in each task that it restores (SERVICE_FD_MAX), and some room. */
const SERVICE = 16;
const PAD = 16;
/** The kernel's tables of descriptors grow by so many (64-bit). */
const STEP = 128;

/** Restore puts descriptors of its own above those of a task: there has to be room. */
export function judgeNumbers(tree: Tree, report: Reporter): void {
  const files = openFilesOf(tree);
  const sharers = new Map<Task, number>();
  for (const task of tree.living) {
    const owner = files.of(task)[0]?.task;
    if (owner) sharers.set(owner, (sharers.get(owner) ?? 0) + 1);
  }
  let limit: number | undefined;
  for (const [task, count] of sharers) {
    const highest = files.of(task).at(-1)!.fd;
    // Far below any limit that criu could be started with.
    if (highest < 512) continue;
    const wanted = highest + SERVICE * count + PAD;
    limit ??= limitOf(tree);
    const room = Math.floor(limit / STEP) * STEP;
    if (wanted <= room || aligned(wanted) <= limit) continue;
    report.add({
      rule: "fd-reserved-range",
      task,
      subject: `fd ${highest}`,
      effect: tree.around.caller.has("CAP_SYS_RESOURCE") ? "REFUSED" : "RISK",
      reason: `restore needs numbers up to ${wanted}, and may have no more than ${limit}`,
      values: [room, wanted],
    });
  }
}

function aligned(number: number): number {
  const steps = Math.floor(number / STEP);
  return (steps === 0 ? 1 : 2 ** (32 - Math.clz32(steps))) * STEP;
}

/** How many descriptors criu could have: all that the kernel permits, or what its parent's limit says. */
function limitOf(tree: Tree): number {
  const { sys, caller } = tree.around;
  if (caller.has("CAP_SYS_RESOURCE")) return Number(tryReadText(sys, "/proc/sys/fs/nr_open") ?? 0) || Infinity;
  // Not this process's own: its runtime has raised it.
  const limits = tryReadText(sys, `/proc/${caller.stat.ppid}/limits`) ?? "";
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
}
