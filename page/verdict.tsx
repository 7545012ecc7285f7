import { Sign } from "./icons.tsx";
import type { Verdict } from "./model.ts";
import { VERDICTS } from "./words.ts";

/** A verdict's sign and word; without one, that nobody asked. */
export function VerdictMark({ verdict, asking }: { verdict: Verdict | undefined; asking?: boolean }) {
  const of = verdict ?? "UNASKED";
  const word = verdict ? VERDICTS[verdict].word : asking ? "asking…" : "not asked";
  return (
    <span class={`verdict ${of.toLowerCase()}`}>
      <Sign of={of} /> {word}
    </span>
  );
}
