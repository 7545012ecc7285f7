import type { RuleId } from "../rules/registry.ts";
import type { Task } from "./task.ts";

/** When it stands in the way. */
export type Stage = "DUMP" | "RESTORE";

/**
 * What it means. REFUSED: no option helps. NEEDS_OPTION: one of `options` helps. NEEDS_FEATURE: refused where one of
 * `features` is missing. UNKNOWN: cannot be told. Of restore alone, LOST: some state is not there again; RISK: restore
 * succeeds only if something outside is then as it is now.
 */
export type Effect = "REFUSED" | "NEEDS_OPTION" | "NEEDS_FEATURE" | "UNKNOWN" | "LOST" | "RISK";

/** One thing in the way of a dump or of a restore, as a judge saw it. */
export interface Obstacle {
  readonly rule: RuleId;
  readonly stage: Stage;
  readonly effect: Effect;
  readonly task: Task;
  /** Such as `fd 8`, `vma 7f1c000-7f1d000`, `mount /data`; `task` for the task itself. */
  readonly subject: string;
  /** What was seen, one sentence without a full stop. */
  readonly reason: string;
  /** What criu itself prints, filled in; null where it prints nothing, or a place could not be filled. */
  readonly message: string | null;
  /** Options of which one is enough, the one that keeps most state first. */
  readonly options: readonly string[];
  /** Ids of probes/ which all have to be SUPPORTED. */
  readonly features: readonly string[];
  /** What it means where a feature is missing for certain; REFUSED, or NEEDS_OPTION where there are options. */
  readonly without?: Effect;
  /** What an operator does about it; null where nothing is known. */
  readonly remedy: string | null;
  /** Where it stands in criu's order of work: obstacles are sorted by it. */
  readonly order: number;
}
