import { useEffect, useRef, useState } from "preact/hooks";
import { Copy } from "./copy.tsx";
import type { Feature, Finding } from "./model.ts";
import type { MachineState } from "./use_machine.ts";
import { VerdictMark } from "./verdict.tsx";
import { Behind } from "./behind.tsx";
import { featureDocument } from "./documents.ts";
import { CATEGORIES, CAUSES, lasted, SUBJECTS, timeOf, VERDICTS } from "./words.ts";

/** All about one check: its answer here, what that rests on, and what is known of it. */
export function CheckDetail({ state, id }: { state: MachineState; id: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [asking, setAsking] = useState(false);
  const feature = state.machine?.features.find((one) => one.id === id);
  const finding = state.findings.get(id);
  const askAgain = async (maxAgeMs: number) => {
    setAsking(true);
    await state.askOne(id, maxAgeMs);
    setAsking(false);
  };
  useEffect(() => {
    if (!feature) return;
    heading.current?.focus();
    void askAgain(60_000);
  }, [id, feature !== undefined]);
  if (!state.machine) return null;
  return (
    <aside
      class="detail"
      aria-labelledby="detail"
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <p class="back">
        <a
          href="#/"
          onClick={(event) => {
            event.preventDefault();
            close();
          }}
        >
          Back to all checks
        </a>
      </p>
      <h2 id="detail" tabIndex={-1} ref={heading}>{id}</h2>
      {feature
        ? (
          <>
            <p class="title">{feature.title}</p>
            <p class="actions">
              <VerdictMark verdict={finding?.verdict} asking={asking} />
              <button type="button" class="small" aria-disabled={asking} onClick={() => !asking && askAgain(0)}>
                Ask again
              </button>
              <span class="quiet" role="status">
                {asking
                  ? "asking…"
                  : finding
                  ? `asked at ${timeOf(finding.probedAt)}, ${lasted(finding.durationMs)}`
                  : ""}
              </span>
            </p>
            {finding && <Answer finding={finding} feature={feature} />}
            <Knowledge feature={feature} />
            <Behind documents={[{ title: "This check", text: featureDocument(id) }]} />
          </>
        )
        : <p>There is no check of this name.</p>}
    </aside>
  );

  function close() {
    location.hash = "#/";
    document.getElementById(`row-${id}`)?.focus();
  }
}

function Answer({ finding, feature }: { finding: Finding; feature: Feature }) {
  const { verdict, reason, remedies, evidence, criuDiffers } = finding;
  return (
    <>
      <p class="quiet">{VERDICTS[verdict].means}</p>
      {reason && <p class="lead">{reason}</p>}
      {verdict !== "SUPPORTED" && (
        <>
          <h3>Without it</h3>
          <p>{feature.impact}</p>
        </>
      )}
      {remedies.length > 0 && (
        <>
          <h3>Cause and remedy</h3>
          <ol class="remedies">
            {remedies.map(({ cause, why, text, command }) => (
              <li key={why + text}>
                <p>
                  <span class="tag">{CAUSES[cause] ?? cause}</span> {why}
                </p>
                <p>
                  <b>{verdict === "INCONCLUSIVE" ? "To decide it: " : "To mend it: "}</b>
                  {text}
                </p>
                {command && (
                  <div class="actions">
                    <pre><code>{command}</code></pre>
                    <Copy text={command}>Copy command</Copy>
                  </div>
                )}
              </li>
            ))}
          </ol>
        </>
      )}
      {criuDiffers && (
        <>
          <h3>criu {criuDiffers.version} says {VERDICTS[criuDiffers.verdict].word}</h3>
          <p>{criuDiffers.why}</p>
        </>
      )}
      <h3>Evidence</h3>
      <ol class="evidence">
        {evidence.map(({ call, answer, errno }, at) => (
          <li key={at}>
            <code>{call}</code>
            <span class="answer">
              <span class="visually-hidden">answered</span>
              <code class={errno ? "errno" : undefined}>{answer}</code>
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

function Knowledge({ feature }: { feature: Feature }) {
  const { criuName, category, subject, since, impact, references } = feature;
  return (
    <>
      <h3>What is known of it</h3>
      <dl class="known">
        <dt>For</dt>
        <dd>without it, {impact}</dd>
        <dt>Category</dt>
        <dd>{category ? CATEGORIES[category.name] : "none: by name only"}</dd>
        <dt>Asked is</dt>
        <dd>{SUBJECTS[subject] ?? subject}</dd>
        {since && (
          <>
            <dt>Since</dt>
            <dd>Linux {since}</dd>
          </>
        )}
        {criuName && (
          <>
            <dt>In criu</dt>
            <dd>
              <code>criu check --feature {criuName}</code>
            </dd>
          </>
        )}
        <dt>See</dt>
        <dd>
          <ul>{references.map((one) => <li key={one}>{reference(one)}</li>)}</ul>
        </dd>
      </dl>
    </>
  );
}

/** `man:kcmp(2)` and the like, in words; text, no links: this page leads nowhere else. */
function reference(text: string) {
  const [kind, rest] = [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1)];
  return (
    <>
      <code>{rest}</code>
      {kind === "linux" ? " in Linux" : kind === "criu" ? " in CRIU" : ""}
    </>
  );
}
