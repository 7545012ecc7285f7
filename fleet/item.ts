/**
 * What one difference means for a restore. `blocks`: it fails, or a program dies. `risk`: it may. `advisory`: good to
 * know. `same`: it was compared and nothing speaks against it. `unknown`: it could not be compared.
 */
export type Severity = "blocks" | "risk" | "advisory" | "same" | "unknown";

/** One thing that was compared. */
export interface Item {
  /** Stable, such as `cpu.avx2` or `feature.timens`. */
  readonly id: string;
  /** On the side of the dump; null where it is not there. */
  readonly source: string | null;
  /** On the side of the restore. */
  readonly target: string | null;
  readonly severity: Severity;
  /** One clause without a full stop; empty where it is the same. */
  readonly reason: string;
  /** What would mend it, one clause; null where nothing is to be mended. */
  readonly remedy: string | null;
}

/** What all items come to. */
export type CompareVerdict = "GOOD" | "RISK" | "UNKNOWN" | "BLOCKED";

/** The worst counts, in the order blocks, unknown, risk. */
export function verdictOf(severities: Iterable<Severity>): CompareVerdict {
  const found = new Set(severities);
  if (found.has("blocks")) return "BLOCKED";
  if (found.has("unknown")) return "UNKNOWN";
  return found.has("risk") ? "RISK" : "GOOD";
}

/** The exit code of a verdict. */
export const EXIT_CODES: Readonly<Record<CompareVerdict, number>> = { GOOD: 0, BLOCKED: 1, RISK: 3, UNKNOWN: 4 };

/** An item that differs. */
export function item(
  id: string,
  source: string | null,
  target: string | null,
  severity: Severity,
  reason: string,
  remedy: string | null = null,
): Item {
  return { id, source, target, severity, reason, remedy };
}

/** An item that is the same on both sides. */
export function same(id: string, value: string | null): Item {
  return { id, source: value, target: value, severity: "same", reason: "", remedy: null };
}
