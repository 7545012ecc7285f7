import { Sign } from "./icons.tsx";
import type { Told } from "./process_words.ts";

/** A verdict about a process: its sign and word. */
export function ToldMark({ told: { tone, word } }: { told: Told }) {
  return (
    <span class={`verdict ${tone.toLowerCase()}`}>
      <Sign of={tone} /> {word}
    </span>
  );
}
