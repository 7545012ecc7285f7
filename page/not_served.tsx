import type { Fault } from "./api.ts";

/** Why nothing is told of processes, and what to do. */
export function ProcessFault({ fault, again }: { fault: Fault | null; again: () => void }) {
  return (
    <div role="alert">
      {fault && (fault.code === "PROCESSES_NOT_SERVED"
        ? (
          <p class="fault">
            <span>
              This server tells nothing of processes on its port: start it with <code>--processes</code>{" "}
              to see here which of them can be dumped.
            </span>
          </p>
        )
        : (
          <div class="fault">
            <p>
              <b>{fault.message}</b>
            </p>
            <button type="button" onClick={again}>Try again</button>
          </div>
        ))}
    </div>
  );
}
