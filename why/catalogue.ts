import type { MessageLevel, Rule, RuleMessage } from "../rules/rule.ts";
import { type RuleId, RULES } from "../rules/registry.ts";
import { compile, type Pattern } from "./format.ts";
import { FOLLOW_UPS, GENERAL_CAUSES, type GeneralCause, HARMLESS } from "./general.ts";

/** What a message stands for. */
export type Meaning =
  | { readonly kind: "RULE"; readonly rule: Rule<RuleId> }
  | { readonly kind: "GENERAL"; readonly cause: GeneralCause }
  | { readonly kind: "FOLLOW_UP" }
  | { readonly kind: "HARMLESS" };

/** One of criu's messages. */
export interface Entry {
  readonly pattern: Pattern;
  readonly level: MessageLevel;
  readonly meaning: Meaning;
}

/** An entry that recognised a line, with the values that the line gives. */
export interface Match {
  readonly entry: Entry;
  readonly values: readonly string[];
}

/** Prefixes of criu's source files (LOG_PREFIX), which stand before their messages. */
const PREFIX = /^[A-Za-z][\w-]{1,20}: /;

/** Longer texts are no message of criu, which cuts them itself. */
const LONGEST = 4096;

/** All messages, found by a word of theirs, so that a line is compared with few of hundreds. */
export class Catalogue {
  /** The few without a word of their own are at "". */
  readonly #byWord = new Map<string, Entry[]>([["", []]]);

  constructor() {
    const entries: Entry[] = [];
    const add = (messages: readonly RuleMessage[], meaning: Meaning) => {
      for (const { text, errno = false, level = "ERROR" } of messages) {
        entries.push({ pattern: compile(text.trim(), { errno }), level, meaning });
      }
    };
    for (const rule of RULES) add(rule.messages, { kind: "RULE", rule });
    for (const cause of GENERAL_CAUSES) add(cause.messages, { kind: "GENERAL", cause });
    add(FOLLOW_UPS, { kind: "FOLLOW_UP" });
    add(HARMLESS, { kind: "HARMLESS" });
    const uses = new Map<string, number>();
    for (const { pattern } of entries) {
      for (const word of pattern.words) uses.set(word, (uses.get(word) ?? 0) + 1);
    }
    for (const entry of entries) {
      const rarest = entry.pattern.words.toSorted((a, b) => uses.get(a)! - uses.get(b)!)[0];
      const sharing = this.#byWord.get(rarest ?? "");
      if (sharing) sharing.push(entry);
      else this.#byWord.set(rarest ?? "", [entry]);
    }
  }

  /** What a message may stand for, in the order of the rules. The text is that behind criu's time, level and place. */
  find(text: string): Match[] {
    const whole = text.slice(0, LONGEST).trim();
    const candidates: Entry[] = [...this.#byWord.get("")!];
    for (const word of whole.split(/\s+/)) {
      for (const entry of this.#byWord.get(word) ?? []) {
        if (!candidates.includes(entry)) candidates.push(entry);
      }
    }
    const found = matches(candidates, whole);
    if (found.length > 0) return found;
    const prefix = PREFIX.exec(whole)?.[0];
    return prefix === undefined ? [] : matches(candidates, whole.slice(prefix.length).trimStart());
  }
}

function matches(candidates: readonly Entry[], text: string): Match[] {
  const found: Match[] = [];
  for (const entry of candidates) {
    const { regexp } = entry.pattern;
    // A value at the end may be empty, and the blank before it is gone then.
    const values = (regexp.exec(text) ?? (text.endsWith(":") ? regexp.exec(`${text} `) : null))?.slice(1);
    if (values) found.push({ entry, values });
  }
  return found;
}
