import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, Fault } from "./api.ts";
import { processesDocument } from "./documents.ts";
import type { Listed } from "./process_model.ts";

const PAGE = 1000;

/** The trees of processes of the machine. */
export interface ProcessesState {
  /** Null until they were told. */
  readonly processes: readonly Listed[] | null;
  readonly asking: boolean;
  readonly fault: Fault | null;
  readonly refresh: () => void;
}

/** Asks for all trees, a page after the other. */
export function useProcesses(): ProcessesState {
  const [processes, setProcesses] = useState<readonly Listed[] | null>(null);
  const [asking, setAsking] = useState(true);
  const [fault, setFault] = useState<Fault | null>(null);
  const running = useRef<AbortController | null>(null);
  const refresh = useCallback(async () => {
    running.current?.abort();
    const mine = running.current = new AbortController();
    setAsking(true);
    try {
      const all: Listed[] = [];
      for (let after: string | null = null;;) {
        const page: { processes: Listed[] } = await ask(processesDocument(after, PAGE), mine.signal);
        all.push(...page.processes);
        if (page.processes.length < PAGE) break;
        after = all.at(-1)!.id;
      }
      setProcesses(all);
      setFault(null);
    } catch (error) {
      if (error instanceof Fault) setFault(error);
      else if (!(error instanceof DOMException)) throw error;
    } finally {
      if (running.current === mine) setAsking(false);
    }
  }, []);
  useEffect(() => {
    void refresh();
    return () => running.current?.abort();
  }, []);
  return { processes, asking, fault, refresh };
}
