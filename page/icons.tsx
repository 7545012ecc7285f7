import type { Outcome, Verdict } from "./model.ts";

/** One shape for each meaning, so that no meaning is in a colour alone. */
const SHAPES: Readonly<Record<string, string>> = {
  good: "M3.5 8.5l3 3 6-7",
  bad: "M4 4l8 8M12 4l-8 8",
  blocked: "M4 12L12 4M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 1 0 8 1.8",
  unsure: "M5.2 5.6a2.8 2.8 0 1 1 4 2.6c-.8.4-1.2.9-1.2 1.8M8 12.8v.2",
  maybe: "M8 2L14.5 13.5h-13zM8 6.3v3.4M8 11.7v.1",
  unasked: "M4.5 8h7",
};

const OF: Readonly<Record<Verdict | Outcome | "UNASKED", string>> = {
  SUPPORTED: "good",
  UNSUPPORTED: "bad",
  BLOCKED: "blocked",
  INCONCLUSIVE: "unsure",
  GOOD: "good",
  MAYBE: "maybe",
  BAD: "bad",
  UNKNOWN: "unsure",
  UNASKED: "unasked",
};

/** The sign of a verdict or an outcome; the word stands beside it. */
export function Sign({ of }: { of: Verdict | Outcome | "UNASKED" }) {
  return (
    <svg class="sign" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={SHAPES[OF[of]]!} />
    </svg>
  );
}
