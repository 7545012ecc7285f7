import { Sign } from "./icons.tsx";
import type { Scope } from "./model.ts";
import type { MachineState } from "./use_machine.ts";
import { counted, lasted, OUTCOMES, SCOPES, timeOf } from "./words.ts";

/** What it comes to, and "run again". */
export function OutcomeView({ state }: { state: MachineState }) {
  const { report, run, scope, check, machine } = state;
  const kind = report?.outcome ?? "UNASKED";
  return (
    <section class={`outcome ${kind.toLowerCase()}`} aria-labelledby="outcome" aria-busy={run !== null}>
      <Sign of={kind} />
      <div class="said">
        <p class="eyebrow">Outcome{report ? `: ${OUTCOMES[report.outcome]}` : ""}</p>
        <h2 id="outcome">{report ? report.sentence.replaceAll("\n", " ") : "Not asked yet"}</h2>
        {report && (
          <p class="quiet">
            Asked {SCOPES[report.scope]}, at {timeOf(report.at)}, in {lasted(report.durationMs)}
          </p>
        )}
      </div>
      <form
        class="again"
        onSubmit={(event) => {
          event.preventDefault();
          check(scope);
        }}
      >
        <label>
          Checks{" "}
          <select
            value={scope}
            onChange={(event) => check(event.currentTarget.value as Scope)}
          >
            {Object.entries(SCOPES).map(([name, words]) => <option key={name} value={name}>{words}</option>)}
          </select>
        </label>
        <button type="submit" class="main" aria-disabled={run !== null}>Run again</button>
      </form>
      <div class="progress">
        {run && (
          <label>
            <span>{run.answered.size} of {run.of} answered</span>
            <progress max={run.of} value={run.answered.size} />
          </label>
        )}
      </div>
      <p class="visually-hidden" role="status">
        {run
          ? "Asking the kernel…"
          : report && machine
          ? `${OUTCOMES[report.outcome]}. ${report.sentence.replaceAll("\n", " ")} ${
            counted(state.findings.size, "answer")
          } known.`
          : ""}
      </p>
    </section>
  );
}
