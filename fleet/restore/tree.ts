import type { DumpedTask } from "../../images/facts.ts";
import { type Item, same } from "../item.ts";
import { need, option, ownNamespace, type RestoreContext } from "./context.ts";

const ESRCH = -3;

/** Images that must be there, process ids that must be free, and the session that the tree was in. */
export function judgeTree(context: RestoreContext): Item[] {
  const { facts } = context;
  const root = facts.tasks[0]!;
  const items: Item[] = facts.missing.map((name) =>
    need(`image.${name}`, "needed", "not there", "blocks", "criu cannot restore without this image", "dump again")
  );
  for (const pid of facts.withoutDescriptors) {
    const reason = "no image tells of its open files: it had none, or they are lost, and criu does not notice";
    items.push(need(`descriptors.${pid}`, null, null, "risk", reason, "dump again where it had open files"));
  }
  // In a pid namespace the leader of an outer session is 0, and nobody asks for it.
  const shellJob = root.sid !== root.pid && root.sid !== 0;
  if (shellJob) {
    items.push(option(context, "--shell-job", "the session of the tree began outside of it, as with a job of a shell"));
  }
  if (!ownNamespace(context, "pidNsId")) items.push(...judgePids(context, shellJob));
  else if (root.pid !== 1 && facts.externalNamespaces.length === 0) {
    items.push(
      need(
        "pid-namespace",
        `root is pid ${root.pid}`,
        null,
        "blocks",
        "a pid namespace can only be restored with its first process, pid 1",
      ),
    );
  } else items.push(same("pids", "in a pid namespace of their own"));
  return items;
}

function judgePids(context: RestoreContext, shellJob: boolean): Item[] {
  const { sys, host, facts } = context;
  const wanted = wantedPids(facts.tasks, shellJob);
  if (host.foreignProc) {
    return [
      need(
        "pids",
        `${wanted.size} pids`,
        null,
        "unknown",
        "/proc here belongs to another pid namespace: which pids are free cannot be seen",
        "mount the proc of this pid namespace",
      ),
    ];
  }
  const taken = [...wanted].filter((pid) => host.exists(`/proc/${pid}`) || sys.try("kill", -pid, 0) !== ESRCH);
  if (taken.length === 0) return [same("pids", `${wanted.size} free`)];
  return taken.map((pid) =>
    need(
      `pid.${pid}`,
      facts.tasks.find((task) => task.pid === pid)?.name ?? "thread, session or group",
      "in use",
      "blocks",
      "criu gives each process its old pid back, and this one is taken",
      "end that process, or restore in a new pid namespace (unshare -p -f --mount-proc)",
    )
  );
}

/** The pids that criu makes: tasks, threads, and helpers that stand in for leaders of sessions and groups that are gone. */
export function wantedPids(tasks: readonly DumpedTask[], shellJob: boolean): Set<number> {
  const root = tasks[0]!;
  const pids = new Set(tasks.flatMap(({ pid, threads }) => [pid, ...threads]));
  // With --shell-job the outer session, and the group of the root, become those of criu itself.
  const replaced = new Set(shellJob ? [root.sid, root.pgid === root.pid ? root.sid : root.pgid] : []);
  for (const { sid, pgid } of tasks) {
    for (const leader of [sid, pgid]) if (leader !== 0 && !replaced.has(leader)) pids.add(leader);
  }
  return pids;
}
