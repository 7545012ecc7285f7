import { useEffect, useRef } from "preact/hooks";
import { Behind } from "./behind.tsx";
import { CheckDetail } from "./check_detail.tsx";
import { Checks } from "./checks.tsx";
import { checkDocument, MACHINE } from "./documents.ts";
import { HostView } from "./host.tsx";
import { OutcomeView } from "./outcome.tsx";
import { Processes } from "./processes.tsx";
import { useHash } from "./use_hash.ts";
import { type MachineState, useMachine } from "./use_machine.ts";
import { timeOf, VERDICTS } from "./words.ts";

/** The page. */
export function App() {
  const state = useMachine();
  const [view, id] = useHash();
  const main = useRef<HTMLElement>(null);
  const open = view === "check" ? id : undefined;
  const isProcesses = view === "processes" || view === "process";
  const process = view === "process" ? id : undefined;
  const verdict = open === undefined ? undefined : state.findings.get(open)?.verdict;
  useEffect(() => {
    // Of processes their own view says it.
    if (isProcesses) return;
    document.title = open === undefined ? "cready" : `${open}${verdict ? `: ${VERDICTS[verdict].word}` : ""} - cready`;
  }, [open, verdict, isProcesses]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the answers
      </a>
      <header>
        <h1>
          <a href="#/">cready</a>
        </h1>
        <nav aria-label="Views">
          <a href="#/" aria-current={isProcesses ? undefined : "page"}>This machine</a>{" "}
          <a href="#/processes" aria-current={isProcesses ? "page" : undefined}>Processes</a>
        </nav>
        {state.machine && <HostView host={state.machine.host} />}
      </header>
      <main id="main" tabIndex={-1} ref={main} class={process ? "with-process" : open ? "with-detail" : undefined}>
        {isProcesses ? <Processes open={process} /> : <Machine state={state} open={open} />}
      </main>
    </>
  );
}

/** The outcome and the checks, and the one that is open. */
function Machine({ state, open }: { state: MachineState; open: string | undefined }) {
  return (
    <>
      <div role="alert">
        {state.fault && (
          <div class="fault">
            <p>
              <b>{state.fault.message}</b>
              {state.report ? ` What is shown is from ${timeOf(state.report.at)}.` : ""}
            </p>
            <button type="button" onClick={() => state.check(state.scope)}>Try again</button>
          </div>
        )}
      </div>
      <div class="overview">
        <OutcomeView state={state} />
        <Checks state={state} open={open} />
        <Behind
          documents={[
            { title: "The machine, and all that can be asked", text: MACHINE },
            { title: "The answers, as they come, and the outcome", text: checkDocument(state.scope) },
          ]}
        />
      </div>
      {open !== undefined && <CheckDetail state={state} id={open} />}
    </>
  );
}
