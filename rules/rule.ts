/** When criu meets what the rule is about. NONE: never, since it neither looks nor complains. */
export type RuleStage = "DUMP" | "RESTORE" | "BOTH" | "NONE";

/**
 * What criu does where the rule applies. SUPPORTED: it goes on. REFUSED: no option helps. NEEDS_OPTION: it goes on with
 * one of the options. NEEDS_FEATURE: it goes on where the kernel, or how criu was built, has the features. EXTERNAL: it
 * goes on where somebody outside (an option that names the object, or a plugin) takes care of it. UNKNOWN: what happens
 * depends on what nobody can see before.
 */
export type RuleEffect = "SUPPORTED" | "REFUSED" | "NEEDS_OPTION" | "NEEDS_FEATURE" | "EXTERNAL" | "UNKNOWN";

/** How much of the state is there again after a restore. */
export type RuleFidelity = "FULL" | "PARTIAL" | "LOST";

/** The word with which criu marks the line; INFO, DEBUG and MSG lines carry none, and MSG lines no time either. */
export type MessageLevel = "ERROR" | "WARN" | "INFO" | "DEBUG" | "MSG";

/** One line that criu writes into its log where the rule applies. */
export interface RuleMessage {
  /** criu's printf format without the file's prefix, line break and errno; the first line of those that have several. */
  readonly text: string;
  /** Whether `: ` and the text of errno follow (criu's pr_perror). */
  readonly errno?: boolean;
  /** Absent where it is ERROR. */
  readonly level?: MessageLevel;
}

/** What is known of one situation that criu treats in its own way. Every text of cready about it is made from this. */
export interface Rule<Id extends string = string> {
  /** Stable for ever. */
  readonly id: Id;
  /** Kind of thing that it is about, which is also the name of its file. */
  readonly resource: string;
  readonly stage: RuleStage;
  readonly effect: RuleEffect;
  readonly fidelity: RuleFidelity;
  /** The situation, a few words without a full stop. */
  readonly title: string;
  /** Where it is seen from outside, and what must be found there. */
  readonly seen: string;
  /** What criu does with it, whole sentences; may be empty. */
  readonly detail: string;
  /** Options that let the dump (or restore, where it says so) go on, the one that keeps most state first. */
  readonly options: readonly string[];
  /** What these options cost at restore, a clause; null where they cost nothing. */
  readonly cost: string | null;
  /** Ids of probes/ of which the rule needs all. */
  readonly features: readonly string[];
  /** What criu prints, likeliest first. */
  readonly messages: readonly RuleMessage[];
  /** What an operator does about it, whole sentences; null where nothing is to be done. */
  readonly remedy: string | null;
  /** Where the facts are from, such as `criu:criu/files.c:dump_one_file`. */
  readonly references: readonly string[];
  /** First criu that treats it so; absent where 3.17 does already. */
  readonly since?: string;
  /** First criu that no longer treats it so. */
  readonly until?: string;
  /** Why no look from outside can see it; absent where one can. */
  readonly unobservable?: string;
}

/** A rule as it is written down: what has a usual value may be left out. */
export type RuleRecord<Id extends string> =
  & Pick<Rule<Id>, "id" | "stage" | "effect" | "title" | "seen" | "references">
  & Partial<Omit<Rule<Id>, "resource">>;

/** Completes the rules of one resource. */
export function defineRules<const Id extends string>(
  resource: string,
  records: readonly RuleRecord<Id>[],
): readonly Rule<Id>[] {
  return records.map((record) => ({
    fidelity: "FULL",
    detail: "",
    options: [],
    cost: null,
    features: [],
    messages: [],
    remedy: null,
    ...record,
    resource,
  }));
}
