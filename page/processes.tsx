import { useEffect, useRef, useState } from "preact/hooks";
import { Behind } from "./behind.tsx";
import { processesDocument } from "./documents.ts";
import { More } from "./more.tsx";
import { ProcessFault } from "./not_served.tsx";
import { ProcessDetail } from "./process_detail.tsx";
import type { Listed } from "./process_model.ts";
import { ownerOf } from "./process_words.ts";
import { useProcesses } from "./use_processes.ts";
import { counted } from "./words.ts";

const ROWS = 200;

/** The processes of the machine, to choose one, and the chosen one. */
export function Processes({ open }: { open: string | undefined }) {
  const state = useProcesses();
  const { processes, fault } = state;
  const [text, setText] = useState("");
  const served = fault?.code !== "PROCESSES_NOT_SERVED";
  useEffect(() => {
    if (open === undefined) document.title = "Processes - cready";
  }, [open]);
  const before = useRef(open);
  useEffect(() => {
    const closed = open === undefined ? before.current : undefined;
    before.current = open;
    if (closed === undefined) return;
    const row = processes?.find(({ id, pid }) => id === closed || String(pid) === closed);
    document.getElementById(row ? `row-${row.id}` : "processes")?.focus();
  }, [open]);
  if (!served) return <ProcessFault fault={fault} again={state.refresh} />;
  const found = (processes ?? []).filter((one) => matches(text, one));
  const pid = /^\s*([1-9][0-9]{0,6})\s*$/.exec(text)?.[1];
  const other = processes && pid !== undefined && !found.some((one) => String(one.pid) === pid);
  return (
    <>
      <div class="overview">
        <ProcessFault fault={fault} again={state.refresh} />
        <h2 id="processes" tabIndex={-1}>Processes</h2>
        <p class="quiet">Trees that criu could be told to dump, each by its first process.</p>
        <form class="filters" role="search" aria-label="Processes" onSubmit={(event) => event.preventDefault()}>
          <label class="search">
            Search the processes
            <input
              type="search"
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
              placeholder="name, PID, cgroup"
              spellcheck={false}
            />
          </label>
          <p class="quiet" role="status">
            {processes === null
              ? state.asking ? "asking…" : ""
              : found.length === processes.length
              ? counted(processes.length, "tree")
              : `${found.length} of ${counted(processes.length, "tree")}`}
          </p>
          <button type="button" aria-disabled={state.asking} onClick={() => !state.asking && state.refresh()}>
            List again
          </button>
        </form>
        {other && (
          <p class="nothing">
            <a href={`#/process/${pid}`}>Look at PID {pid}</a>, which is no first process of a tree, or was not there.
          </p>
        )}
        {processes && (
          <More key={text} of={found} most={ROWS}>
            {(shown) => (
              <ul class="rows">
                {shown.map((one) => (
                  <li key={one.id}>
                    <a
                      href={`#/process/${one.id}`}
                      id={`row-${one.id}`}
                      aria-current={one.id === open ? "true" : undefined}
                    >
                      <span class="pid">{one.pid}</span>{" "}
                      <span class="what">
                        <b>{one.name}</b> <span class="quiet">{ownerOf(one.uid)}</span>
                        {one.cgroup && one.cgroup !== "/" && <span class="where quiet">{one.cgroup}</span>}
                      </span>
                    </a>
                  </li>
                ))}
              </ul>
            )}
          </More>
        )}
        {processes && found.length === 0 && !other && <p class="nothing">No process is like that.</p>}
        <Behind documents={[{ title: "The processes", text: processesDocument(null) }]} />
      </div>
      {open !== undefined && <ProcessDetail key={open} id={open} />}
    </>
  );
}

/** Whether all words are somewhere in what is listed of a process. */
function matches(text: string, { pid, name, cgroup }: Listed): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = `${pid}\n${name}\n${cgroup ?? ""}`.toLowerCase();
  return words.every((word) => all.includes(word));
}
