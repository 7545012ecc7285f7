import { Copy } from "./copy.tsx";

/** A document that a view is made of. */
export interface Document {
  readonly title: string;
  readonly text: string;
}

/** The GraphQL documents behind a view, to copy. */
export function Behind({ documents }: { documents: readonly Document[] }) {
  return (
    <details class="behind">
      <summary>GraphQL behind this view</summary>
      {documents.map(({ title, text }) => (
        <section key={title}>
          <h3>{title}</h3>
          <pre><code>{text}</code></pre>
          <p class="actions">
            <Copy text={text}>Copy query</Copy>
            <Copy text={`cready query '${text.replaceAll("'", `'\\''`)}'`}>Copy as command</Copy>
          </p>
        </section>
      ))}
    </details>
  );
}
