import { commandOf } from "../inspect/command.ts";
import type { PlanOf } from "../inspect/engines/plan.ts";
import type { Obstacle } from "../inspect/obstacle.ts";
import { processOf } from "../inspect/process.ts";
import { quoted } from "../inspect/quoted.ts";
import type { Inspection } from "../inspect/verdict.ts";

/** Gives the record of a feature by its id. */
export type FeatureOf = (id: string) => { readonly id: string; readonly criuName: string | null };

/** `data.process.inspection` of schema/inspection.graphql, without GraphQL: the same fields in the same order. */
export function inspectionJson(inspection: Inspection, feature: FeatureOf, planOf: PlanOf): unknown {
  const { dump, restore, options, obstacles, unreadable, assumptions, tree, plan, durationMs } = inspection;
  const { id, pid, name, uid, cgroup, threads } = processOf(inspection.process);
  const { version, path } = tree.around.criu;
  return {
    process: { id, pid, name, uid, cgroup, threads },
    dump,
    restore,
    options: options.map(({ text, effect, instead, obstacles }) => ({
      text: quoted(text),
      effect,
      instead: instead.map(quoted),
      obstacles: obstacles.map(({ rule, task, subject }) => ({
        rule,
        process: { id: task.id, pid: task.pid },
        subject: quoted(subject),
      })),
    })),
    obstacles: obstacles.map((one) => obstacleJson(one, feature)),
    unreadable: unreadable.map(({ path, errno, needs }) => ({ path, errno, needs })),
    assumptions,
    command: commandOf(inspection, planOf),
    criu: { version, path },
    engine: plan.engine,
    tasks: tree.tasks.length,
    stoppedMs: tree.around.stop ? tree.stops?.longestMs ?? null : null,
    durationMs,
  };
}

function obstacleJson(obstacle: Obstacle, feature: FeatureOf): unknown {
  const { rule, stage, effect, task, subject, reason, message, options, features, remedy } = obstacle;
  return {
    rule,
    stage,
    effect,
    process: { id: task.id, pid: task.pid, name: quoted(task.name) },
    subject: quoted(subject),
    reason: quoted(reason),
    message: message === null ? null : quoted(message),
    options: options.map(quoted),
    features: features.map((id) => {
      const { criuName } = feature(id);
      return { id, criuName };
    }),
    remedy,
  };
}
