import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

/** The first of many things, and a button for the others: a page with ten thousand of them would be slow. */
export function More<T>(
  { of, most, children }: { of: readonly T[]; most: number; children: (shown: readonly T[]) => ComponentChildren },
) {
  const [all, setAll] = useState(false);
  const shown = all ? of : of.slice(0, most);
  return (
    <>
      {children(shown)}
      {shown.length < of.length && (
        <p class="actions">
          <span class="quiet">{shown.length} of {of.length} shown</span>
          <button type="button" class="small" onClick={() => setAll(true)}>Show all</button>
        </p>
      )}
    </>
  );
}
