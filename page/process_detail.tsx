import { useEffect, useRef, useState } from "preact/hooks";
import { Behind } from "./behind.tsx";
import { Copy } from "./copy.tsx";
import { processDocument, watchDocument } from "./documents.ts";
import { ProcessFault } from "./not_served.tsx";
import { Obstacles } from "./obstacles.tsx";
import type { Inspection, PlanEngine } from "./process_model.ts";
import { DUMP, ENGINES, ownerOf, RESTORE } from "./process_words.ts";
import { ProcessTree } from "./process_tree.tsx";
import { ToldMark } from "./told.tsx";
import { type ProcessState, useProcess } from "./use_process.ts";
import { counted, lasted, timeOf, visible } from "./words.ts";

/** A pid, or PID@STARTTIME as the schema has it. */
const ID = /^[1-9][0-9]{0,6}(@[0-9]{1,20})?$/;

/** All about one process and its tree. */
export function ProcessDetail({ id }: { id: string }) {
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
          href="#/processes"
          onClick={(event) => {
            event.preventDefault();
            close();
          }}
        >
          Back to all processes
        </a>
      </p>
      {ID.test(id) ? <Looked id={id} /> : (
        <>
          <h2 id="detail">No process</h2>
          <p>A process is named by its PID, or by PID@STARTTIME.</p>
        </>
      )}
    </aside>
  );
}

function close(): void {
  location.hash = "#/processes";
}

function Looked({ id }: { id: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [engine, setEngine] = useState<PlanEngine>("CRIU");
  const state = useProcess(id, engine);
  const { seen, doing, fault } = state;
  const inspection = seen?.inspection;
  const known = inspection?.process;
  const title = known ? `${known.pid} ${known.name}` : id;
  const word = inspection && DUMP[inspection.dump].word;
  useEffect(() => heading.current?.focus(), [id]);
  useEffect(() => {
    document.title = `${title}${doing === "gone" ? ": ended" : word ? `: ${word}` : ""} - cready`;
  }, [title, word, doing]);
  return (
    <>
      <h2 id="detail" tabIndex={-1} ref={heading}>{title}</h2>
      {inspection && (
        <p class="title">
          {counted(inspection.tasks, "process", "processes")} in the tree · {counted(known!.threads, "thread")} ·{" "}
          {ownerOf(known!.uid)}
          {known!.cgroup && <>{" "}· {known!.cgroup}</>}
        </p>
      )}
      <ProcessFault fault={fault} again={state.look} />
      {fault?.code !== "PROCESSES_NOT_SERVED" && <Actions state={state} engine={engine} setEngine={setEngine} />}
      {inspection && <Answer inspection={inspection} id={known!.id} />}
      <Behind
        documents={[
          { title: "This process", text: processDocument(known?.id ?? id, engine) },
          { title: "The same, watched", text: watchDocument(known?.id ?? id, engine) },
        ]}
      />
    </>
  );
}

function Actions(
  { state, engine, setEngine }: { state: ProcessState; engine: PlanEngine; setEngine: (engine: PlanEngine) => void },
) {
  const { seen, doing, look, follow, rest } = state;
  const gone = doing === "gone", busy = doing === "asking";
  const from = seen ? ` What is shown is from ${timeOf(seen.at)}.` : "";
  return (
    <>
      <div class="actions">
        {!gone && (
          <>
            <button type="button" class="small" aria-disabled={busy} onClick={() => !busy && look()}>
              Look again
            </button>
            <button
              type="button"
              class="small filter"
              aria-pressed={doing === "watching"}
              onClick={() => doing === "watching" ? rest() : follow()}
            >
              Watch
            </button>
            <label class="quiet">
              Dumped by{" "}
              <select
                class="small"
                value={engine}
                onChange={(event) => setEngine(event.currentTarget.value as PlanEngine)}
              >
                {Object.entries(ENGINES).map(([name, words]) => <option key={name} value={name}>{words}</option>)}
              </select>
            </label>
          </>
        )}
      </div>
      <p class={gone ? "lead" : "quiet"} role="status">
        {gone
          ? seen ? `This process has ended.${from}` : "There is no such process, or it has ended."
          : busy
          ? "looking…"
          : doing === "watching"
          ? `watching; it last said something else at ${seen ? timeOf(seen.at) : "…"}`
          : seen
          ? `looked at ${timeOf(seen.at)}, in ${lasted(seen.inspection.durationMs)}`
          : ""}
      </p>
    </>
  );
}

function Answer({ inspection, id }: { inspection: Inspection; id: string }) {
  const { dump, restore, options, obstacles, command, assumptions, unreadable, criu, process } = inspection;
  const missing = inspection.obstaclesTotal - obstacles.length;
  return (
    <>
      <dl class="verdicts">
        <dt>Dump</dt>
        <dd>
          <ToldMark told={DUMP[dump]} /> <span class="quiet">{DUMP[dump].means}</span>
        </dd>
        <dt>Restore here</dt>
        <dd>
          <ToldMark told={RESTORE[restore]} /> <span class="quiet">{RESTORE[restore].means}</span>
        </dd>
      </dl>
      {command && (
        <>
          <h3>Command</h3>
          <pre><code>{visible(command)}</code></pre>
          <p class="actions">
            <Copy text={command}>Copy command</Copy>
          </p>
        </>
      )}
      {options.length > 0 && (
        <>
          <h3>Options that it needs</h3>
          <ul class="obstacles">
            {options.map(({ text, effect, instead, obstacles, obstaclesTotal }) => (
              <li key={text}>
                <p>
                  <code>{text}</code>{" "}
                  <span class="quiet">
                    for {obstacles.map(({ process, subject }) => `${process.pid} ${subject}`).join(", ")}
                    {obstaclesTotal > obstacles.length && ` and ${obstaclesTotal - obstacles.length} more`}
                  </span>
                </p>
                <p>
                  <b>Costs:</b> {effect || "nothing"}
                </p>
                {instead.length > 0 && (
                  <p>
                    <b>Instead:</b> {instead.map((one, at) => (
                      <>
                        {at > 0 && ", "}
                        <code>{one}</code>
                      </>
                    ))}
                  </p>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <Obstacles title="In the way of a dump" stage="DUMP" of={obstacles} />
      <Obstacles title="At restore" stage="RESTORE" of={obstacles} />
      {missing > 0 && (
        <p class="lead">
          {counted(missing, "obstacle")} more {missing === 1 ? "is" : "are"} not shown: the server gives{" "}
          {obstacles.length} (<code>--limit obstacles</code>).
        </p>
      )}
      <h3>Tree</h3>
      <ProcessTree id={id} name={`${process.pid} ${process.name}`} first={process.children} />
      <h3>Assumed</h3>
      <ul class="plain">{assumptions.map((one) => <li key={one}>{one}</li>)}</ul>
      {unreadable.length > 0 && (
        <>
          <h3>Could not be read</h3>
          <ul class="plain">
            {unreadable.slice(0, 50).map(({ path, errno, needs }, at) => (
              <li key={at}>
                <code>{path}</code> {errno}
                {needs && ` (needs ${needs})`}
              </li>
            ))}
            {unreadable.length > 50 && <li>and {unreadable.length - 50} more</li>}
          </ul>
        </>
      )}
      <p class="quiet judged">
        Judged for criu {criu.version}
        {criu.path === null ? ", which is not installed" : (
          <>
            {" "}(<code>{criu.path}</code>)
          </>
        )}, dumped by {ENGINES[inspection.engine]}
      </p>
    </>
  );
}
