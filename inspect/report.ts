import { type RuleId, ruleNamed } from "../rules/registry.ts";
import type { Rule, RuleMessage } from "../rules/rule.ts";
import { compareVersions } from "./criu_version.ts";
import { filled } from "./format.ts";
import type { Effect, Obstacle, Stage } from "./obstacle.ts";
import { orderOf } from "./order.ts";
import type { Task } from "./task.ts";
import type { Tree } from "./tree.ts";

/** What a judge saw; what it leaves out comes from the rule's record. */
export interface Sighting {
  readonly rule: RuleId;
  readonly task: Task;
  /** Such as `fd 8`; `task` for the task itself. */
  readonly subject: string;
  /** One sentence without a full stop. Control bytes in it are made visible when it is shown. */
  readonly reason: string;
  /** For the places of the rule's message, in order. */
  readonly values?: readonly (string | number | bigint)[];
  /** Which of the rule's messages criu prints here, by its beginning; the first error by default, null for none. */
  readonly message?: string | null;
  /** The text of errno that criu adds, where the message has one. */
  readonly errnoText?: string;
  /** Options with their arguments, one of which is enough; the rule's own by default. */
  readonly options?: readonly string[];
  readonly features?: readonly string[];
  readonly stage?: Stage;
  readonly effect?: Effect;
  /** Of a rule that needs features: what it means where one is missing for certain, if not REFUSED. */
  readonly without?: Effect;
  readonly remedy?: string | null;
  /** Where criu meets it, if not where it meets the rule's others (order.ts). */
  readonly order?: number;
}

/** Where a judge says what it sees. */
export type Reporter = Pick<Report, "add" | "unknown" | "assume">;

/** Collects what the judges of one tree see. */
export class Report {
  readonly obstacles: Obstacle[] = [];
  readonly #tree: Tree;
  /** What nobody can see from outside, as far as it may matter for this tree. */
  readonly assumptions = new Set<string>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** Reports one thing in the way; nothing happens where the judged criu does not know the rule. */
  add(seen: Sighting): void {
    if (!this.knows(seen.rule)) return;
    const rule = ruleNamed(seen.rule);
    const stage = seen.stage ?? (rule.stage === "DUMP" || rule.stage === "BOTH" ? "DUMP" : "RESTORE");
    const effect = seen.effect ?? effectOf(rule.effect, rule.fidelity);
    const format = formatOf(rule, seen.message);
    const text = format ? filled(format.text, seen.values ?? []) : null;
    this.obstacles.push({
      rule: seen.rule,
      // What is kept in part or not at all does not stand in the way of the dump.
      stage: [effect, seen.without].some((one) => one === "LOST" || one === "RISK") ? "RESTORE" : stage,
      effect,
      task: seen.task,
      subject: seen.subject,
      reason: seen.reason,
      message: text !== null && format?.errno && seen.errnoText ? `${text}: ${seen.errnoText}` : text,
      options: seen.options ?? rule.options,
      features: seen.features ?? (effect === "NEEDS_FEATURE" ? rule.features : []),
      ...(seen.without ? { without: seen.without } : {}),
      remedy: seen.remedy === undefined ? rule.remedy : seen.remedy,
      order: seen.order ?? orderOf(seen.rule, seen.subject),
    });
  }

  readonly #known = new Map<RuleId, boolean>();
  /** Whether a rule is one of the judged criu's. */
  knows(id: RuleId): boolean {
    let known = this.#known.get(id);
    if (known === undefined) {
      const { since, until } = ruleNamed(id);
      const { version } = this.#tree.around.criu;
      known = (since === undefined || compareVersions(version, since) >= 0) &&
        (until === undefined || compareVersions(version, until) < 0);
      this.#known.set(id, known);
    }
    return known;
  }

  /** Reports that a rule could not be judged, and why. */
  unknown(rule: RuleId, task: Task, subject: string, reason: string, remedy: string | null = null): void {
    this.add({ rule, task, subject, reason, message: null, options: [], features: [], effect: "UNKNOWN", remedy });
  }

  /** Says what is taken for granted because no look from outside shows it. */
  assume(text: string): void {
    this.assumptions.add(text);
  }
}

function formatOf({ id, messages }: Rule, beginning: string | null | undefined): RuleMessage | undefined {
  if (beginning === null) return undefined;
  if (beginning === undefined) return messages.find(({ level }) => (level ?? "ERROR") === "ERROR");
  const found = messages.find(({ text }) => text.startsWith(beginning));
  if (!found) throw new RangeError(`Cannot find a message of ${id} that begins with ${beginning}`);
  return found;
}

function effectOf(effect: string, fidelity: string): Effect {
  if (effect === "EXTERNAL") return "NEEDS_OPTION";
  if (effect === "SUPPORTED") return fidelity === "FULL" ? "RISK" : "LOST";
  return effect as Effect;
}
