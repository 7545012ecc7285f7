import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, Fault, watch } from "./api.ts";
import { processDocument, watchDocument } from "./documents.ts";
import type { Inspection, PlanEngine } from "./process_model.ts";

/** What is known of one process. */
export interface ProcessState {
  /** What the newest look said, and when. */
  readonly seen: { readonly inspection: Inspection; readonly at: Date } | null;
  /** `gone`: it has ended, or never was. */
  readonly doing: "asking" | "watching" | "nothing" | "gone";
  readonly fault: Fault | null;
  /** Looks once more. */
  readonly look: () => void;
  /** Looks until it ends, or until `look` or `rest`. */
  readonly follow: () => void;
  readonly rest: () => void;
}

/** Looks at a process; `id` is PID@STARTTIME or a pid. */
export function useProcess(id: string, engine: PlanEngine): ProcessState {
  const [seen, setSeen] = useState<ProcessState["seen"]>(null);
  const [doing, setDoing] = useState<ProcessState["doing"]>("asking");
  const [fault, setFault] = useState<Fault | null>(null);
  const running = useRef<AbortController | null>(null);

  /** Does one thing at a time; what it comes to is dropped when another was begun. */
  const begin = useCallback(
    async (
      as: "asking" | "watching",
      work: (signal: AbortSignal, keep: (one: Inspection) => void) => Promise<boolean>,
    ) => {
      running.current?.abort();
      const mine = running.current = new AbortController();
      const isMine = () => running.current === mine;
      setDoing(as);
      setFault(null);
      try {
        const there = await work(mine.signal, (inspection) => {
          if (isMine()) setSeen({ inspection, at: new Date() });
        });
        if (isMine()) setDoing(there ? "nothing" : "gone");
      } catch (error) {
        if (!isMine()) return;
        if (!(error instanceof Fault)) throw error;
        const gone = error.code === "PROCESS_GONE";
        setDoing(gone ? "gone" : "nothing");
        setFault(gone ? null : error);
      }
    },
    [],
  );
  const look = useCallback(() =>
    begin("asking", async (signal, keep) => {
      const { process } = await ask<{ process: { inspection: Inspection } | null }>(
        processDocument(id, engine),
        signal,
      );
      if (process) keep(process.inspection);
      return process !== null;
    }), [id, engine]);
  const follow = useCallback(() =>
    begin("watching", async (signal, keep) => {
      for await (const event of watch<{ inspection: Inspection }>(watchDocument(id, engine), signal)) {
        keep(event.inspection);
      }
      return false;
    }), [id, engine]);
  const rest = useCallback(() => {
    running.current?.abort();
    running.current = null;
    setDoing("nothing");
  }, []);

  useEffect(() => {
    setSeen(null);
    void look();
    return () => {
      running.current?.abort();
      running.current = null;
    };
  }, [id, engine]);
  return { seen, doing, fault, look, follow, rest };
}
