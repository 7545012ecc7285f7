import { useEffect, useState } from "preact/hooks";

/** A button that copies a text, and says so. */
export function Copy({ text, children }: { text: string; children: string }) {
  const [said, say] = useState("");
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => say(""), 4000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied");
    } catch {
      say("Not copied: the browser does not allow it");
    }
  };
  return (
    <span class="copy">
      <button type="button" class="small" onClick={copy}>{children}</button>
      <span role="status">{said}</span>
    </span>
  );
}
