import { useEffect, useRef } from "preact/hooks";
import { Behind } from "./behind.tsx";
import { CheckDetail } from "./check_detail.tsx";
import { Checks } from "./checks.tsx";
import { checkDocument, MACHINE } from "./documents.ts";
import { HostView } from "./host.tsx";
import { OutcomeView } from "./outcome.tsx";
import { useHash } from "./use_hash.ts";
import { useMachine } from "./use_machine.ts";
import { timeOf, VERDICTS } from "./words.ts";

/** The page. */
export function App() {
  const state = useMachine();
  const [view, id] = useHash();
  const main = useRef<HTMLElement>(null);
  const open = view === "check" ? id : undefined;
  const verdict = open === undefined ? undefined : state.findings.get(open)?.verdict;
  useEffect(() => {
    document.title = open === undefined ? "cready" : `${open}${verdict ? `: ${VERDICTS[verdict].word}` : ""} - cready`;
  }, [open, verdict]);
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
        {state.machine && <HostView host={state.machine.host} />}
      </header>
      <main id="main" tabIndex={-1} ref={main} class={open === undefined ? undefined : "with-detail"}>
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
      </main>
    </>
  );
}
