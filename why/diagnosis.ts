import type { RuleId } from "../rules/registry.ts";
import type { Engine, Placement } from "./engines.ts";

/** One value that a message names. */
export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** Why a dump or a restore failed, or what it loses. */
export interface Cause {
  /** A rule, or the id of a general or an engine's cause. */
  readonly id: RuleId | string;
  readonly kind: "RULE" | "GENERAL" | "ENGINE";
  /** Other rules that print the same; the line does not tell which of them it is. */
  readonly also: readonly RuleId[];
  /** Number of the line, from 1. */
  readonly line: number;
  /** How many lines say the same. */
  readonly times: number;
  /** What criu or the engine wrote. */
  readonly message: string;
  /** Such as `4711 fd 8 /var/lib/redis/dump.rdb`; null where the log names nothing. */
  readonly subject: string | null;
  readonly values: readonly NamedValue[];
  readonly title: string;
  readonly remedy: string | null;
  /** Options of criu that help, the one that keeps most state first. */
  readonly options: readonly string[];
  /** What they cost. */
  readonly cost: string | null;
  /** Where the first of them goes. */
  readonly placement: Placement | null;
}

/** An error line of which nothing is known. */
export interface UnknownLine {
  readonly line: number;
  readonly times: number;
  readonly text: string;
}

/** What a log tells. */
export interface Diagnosis {
  /** Version of the criu that wrote it; null where the log does not say. */
  readonly criu: string | null;
  readonly engine: Engine | null;
  readonly stage: "DUMP" | "RESTORE" | null;
  /** Whether criu wrote that it has succeeded. */
  readonly succeeded: boolean;
  readonly lines: number;
  /** In the order of the log: the first is the root cause, unless an unknown line stands before it. */
  readonly causes: readonly Cause[];
  /** What goes on all the same, with the state that is lost. */
  readonly warnings: readonly Cause[];
  readonly unknown: readonly UnknownLine[];
  /** Lines that follow from others. */
  readonly followUps: number;
  /** Distinct lines beyond what is kept. */
  readonly left: number;
  /** Logs of criu that an engine names. */
  readonly logFiles: readonly string[];
  /** Whether a dump was begun and the log does not say how it ended: criu was killed, still runs, or the rest is missing. */
  readonly cut: boolean;
  /** What criu was at when the log ends so; null otherwise. */
  readonly busyWith: string | null;
  /** Whether an engine says no more than that criu failed. */
  readonly onlyFailed: boolean;
}

/**
 * What the shell is told: 0 all causes are known, 1 a line or the cause is unknown, 4 there is no error in the log. (2 is
 * for what cannot be read.)
 */
export function exitCode({ causes, unknown, succeeded, followUps, onlyFailed, cut }: Diagnosis): 0 | 1 | 4 {
  if (succeeded) return 4;
  if (unknown.length > 0) return 1;
  if (causes.length > 0) return 0;
  return followUps > 0 || onlyFailed || cut ? 1 : 4;
}
