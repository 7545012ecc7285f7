import type { InspectionRecord, ObstacleRecord } from "./inspection_record.ts";

/** Gives the name that criu has for a feature, by its id. */
export type CriuNameOf = (id: string) => string | null;

/** `data.process.inspection` of schema/inspection.graphql, without GraphQL: the same fields in the same order. */
export function inspectionJson(record: InspectionRecord, criuName: CriuNameOf): unknown {
  const { process, dump, restore, options, obstacles, totals, unreadable, assumptions, command, criu } = record;
  const { engine, tasks, stoppedMs, durationMs } = record;
  const { id, pid, name, uid, cgroup, threads } = process;
  return {
    process: { id, pid, name, uid, cgroup, threads },
    dump,
    restore,
    options: options.map(({ text, effect, instead, obstacles, obstaclesTotal }) => ({
      text,
      effect,
      instead,
      obstacles: obstacles.map(({ rule, process, subject }) => ({
        rule,
        process: { id: process.id, pid: process.pid },
        subject,
      })),
      obstaclesTotal,
    })),
    obstacles: obstacles.map((one) => obstacleJson(one, criuName)),
    obstaclesTotal: totals.DUMP + totals.RESTORE,
    unreadable,
    assumptions,
    command,
    criu,
    engine,
    tasks,
    stoppedMs,
    durationMs,
  };
}

function obstacleJson(obstacle: ObstacleRecord, criuName: CriuNameOf): unknown {
  const { rule, stage, effect, process, subject, reason, message, options, features, remedy } = obstacle;
  const { id, pid, name } = process;
  return {
    rule,
    stage,
    effect,
    process: { id, pid, name },
    subject,
    reason,
    message,
    options,
    features: features.map((id) => ({ id, criuName: criuName(id) })),
    remedy,
  };
}
