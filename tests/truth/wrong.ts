/** Which differences are new. */
import type { Difference, Trial } from "./trial.ts";

/** A difference that is known and why it is there; docs/truth.md lists them. */
export interface Known {
  readonly name: string;
  /** Versions of criu. */
  readonly criu: readonly string[];
  readonly kinds: readonly Difference["kind"][];
  readonly why: string;
}

const KNOWN: readonly Known[] = JSON.parse(await Deno.readTextFile(new URL("known.json", import.meta.url)));

/** What is wrong with a trial, in words; empty if nothing is. A known difference that is gone is told. */
export function wrongOf({ name, criu, unmade, differences }: Trial, known = KNOWN): string {
  const row = known.find((one) => one.name === name && one.criu.includes(criu));
  const expected = new Set(row?.kinds);
  const seen = new Set(differences.map(({ kind }) => kind));
  const fresh = differences.filter(({ kind }) => !expected.has(kind));
  const gone = unmade === null ? [...expected].filter((kind) => !seen.has(kind)) : [];
  for (const kind of gone) console.log(`${name}: ${kind} is in known.json and was not seen`);
  return fresh.map(({ kind, predicted, seen }) => `${kind}\n  predicted: ${predicted}\n  seen:      ${seen}`).join(
    "\n",
  );
}
