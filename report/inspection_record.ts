import { commandOf } from "../inspect/command.ts";
import type { PlanOf } from "../inspect/engines/plan.ts";
import type { Effect, Obstacle, Stage } from "../inspect/obstacle.ts";
import type { Engine } from "../inspect/plan.ts";
import { processOf, type ProcessView } from "../inspect/process.ts";
import { quoted } from "../inspect/quoted.ts";
import type { Task, Unreadable } from "../inspect/task.ts";
import type { DumpVerdict, Inspection, RestoreVerdict } from "../inspect/verdict.ts";

/** An inspection as schema/process.graphql has it, as plain data; features by their ids. */
export interface InspectionRecord {
  readonly process: ProcessView;
  readonly dump: DumpVerdict;
  readonly restore: RestoreVerdict;
  readonly options: readonly OptionRecord[];
  readonly obstacles: readonly ObstacleRecord[];
  /** How many there are of each stage, also where `obstacles` has not all of them. */
  readonly totals: Readonly<Record<Stage, number>>;
  readonly unreadable: readonly Unreadable[];
  readonly assumptions: readonly string[];
  readonly command: string | null;
  readonly criu: { readonly version: string; readonly path: string | null };
  readonly engine: Engine;
  readonly tasks: number;
  readonly stoppedMs: number | null;
  readonly durationMs: number;
}

/** An option that the dump needs. */
export interface OptionRecord {
  readonly text: string;
  readonly effect: string;
  readonly instead: readonly string[];
  readonly obstacles: readonly ObstacleRecord[];
  /** How many it lifts, also where `obstacles` has not all of them. */
  readonly obstaclesTotal: number;
}

/** One thing in the way. */
export interface ObstacleRecord {
  readonly rule: string;
  readonly stage: Stage;
  readonly effect: Effect;
  readonly process: ProcessView;
  readonly subject: string;
  readonly reason: string;
  readonly message: string | null;
  readonly options: readonly string[];
  readonly features: readonly string[];
  readonly remedy: string | null;
}

/** What an inspection says. The tree must still be open. */
export function inspectionRecord(inspection: Inspection, planOf: PlanOf): InspectionRecord {
  const { dump, restore, options, obstacles, unreadable, assumptions, tree, plan, durationMs } = inspection;
  const views = new Map<Task, ProcessView>();
  const view = (task: Task): ProcessView => {
    const before = views.get(task);
    if (before) return before;
    const made = processOf(task);
    views.set(task, made);
    return made;
  };
  const records = new Map<Obstacle, ObstacleRecord>();
  const record = (obstacle: Obstacle): ObstacleRecord => {
    const before = records.get(obstacle);
    if (before) return before;
    const made = obstacleRecord(obstacle, view(obstacle.task));
    records.set(obstacle, made);
    return made;
  };
  const { version, path } = tree.around.criu;
  return {
    process: view(inspection.process),
    dump,
    restore,
    options: options.map(({ text, effect, instead, obstacles }) => ({
      text: quoted(text),
      effect,
      instead: instead.map(quoted),
      obstacles: obstacles.map(record),
      obstaclesTotal: obstacles.length,
    })),
    obstacles: obstacles.map(record),
    totals: { DUMP: countOf(obstacles, "DUMP"), RESTORE: countOf(obstacles, "RESTORE") },
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

function countOf(obstacles: readonly Obstacle[], stage: Stage): number {
  return obstacles.reduce((count, one) => one.stage === stage ? count + 1 : count, 0);
}

function obstacleRecord(obstacle: Obstacle, process: ProcessView): ObstacleRecord {
  const { rule, stage, effect, subject, reason, message, options, features, remedy } = obstacle;
  return {
    rule,
    stage,
    effect,
    process,
    subject: quoted(subject),
    reason: quoted(reason),
    message: message === null ? null : quoted(message),
    options: options.map(quoted),
    features,
    remedy,
  };
}
