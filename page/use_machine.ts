import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, Fault, watch } from "./api.ts";
import { checkDocument, featureDocument, MACHINE } from "./documents.ts";
import type { Finding, Machine, Report, Scope } from "./model.ts";
import { inScope } from "./words.ts";

type CheckEvent = { check: ({ __typename: "Finding" } & Finding) | ({ __typename: "CheckReport" } & Report) };

/** All that the page knows of the machine. */
export interface MachineState {
  readonly machine: Machine | null;
  /** The newest answer of each check by its id. */
  readonly findings: ReadonlyMap<string, Finding>;
  /** The newest outcome, and when it came. */
  readonly report: (Report & { readonly at: Date }) | null;
  readonly scope: Scope;
  /** A check that is under way: which were answered, and how many will be. */
  readonly run: { readonly answered: ReadonlySet<string>; readonly of: number } | null;
  readonly fault: Fault | null;
  /** Asks all checks of a scope. */
  readonly check: (scope: Scope) => void;
  /** Asks one check; an answer of at most this age will do. */
  readonly askOne: (id: string, maxAgeMs: number) => Promise<void>;
}

/** Asks for the machine and for all checks at once, and again when told to. */
export function useMachine(): MachineState {
  const [machine, setMachine] = useState<Machine | null>(null);
  const [findings, setFindings] = useState<ReadonlyMap<string, Finding>>(new Map());
  const [report, setReport] = useState<MachineState["report"]>(null);
  const [scope, setScope] = useState<Scope>("ALL");
  const [run, setRun] = useState<MachineState["run"]>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const running = useRef<AbortController | null>(null);
  const known = useRef<Machine | null>(null);

  const keep = useCallback((finding: Finding) => {
    setFindings((now) => new Map(now).set(finding.feature.id, finding));
  }, []);
  const failed = useCallback((error: unknown) => {
    if (error instanceof Fault) setFault(error);
    else if (!(error instanceof DOMException)) throw error;
  }, []);

  const check = useCallback(async (wanted: Scope) => {
    running.current?.abort();
    const mine = running.current = new AbortController();
    setScope(wanted);
    setFault(null);
    try {
      if (!known.current) {
        known.current = await ask<Machine>(MACHINE, mine.signal);
        setMachine(known.current);
      }
      const of = known.current.features.filter((feature) => inScope(feature, wanted)).length;
      const answered = new Set<string>();
      setRun({ answered, of });
      for await (const event of watch<CheckEvent>(checkDocument(wanted), mine.signal)) {
        if (event.check.__typename === "Finding") {
          keep(event.check);
          answered.add(event.check.feature.id);
          setRun({ answered: new Set(answered), of });
        } else setReport({ ...event.check, at: new Date() });
      }
    } catch (error) {
      if (running.current === mine) failed(error);
    } finally {
      if (running.current === mine) setRun(null);
    }
  }, []);

  const askOne = useCallback(async (id: string, maxAgeMs: number) => {
    try {
      const { feature } = await ask<{ feature: { finding: Finding } | null }>(featureDocument(id, maxAgeMs));
      if (feature) keep(feature.finding);
      setFault(null);
    } catch (error) {
      failed(error);
    }
  }, []);

  useEffect(() => {
    void check("ALL");
    return () => running.current?.abort();
  }, []);

  return { machine, findings, report, scope, run, fault, check, askOne };
}
