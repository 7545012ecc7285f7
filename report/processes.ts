import { SysError } from "../ffi/errno.ts";
import { NoContainerError } from "../inspect/engines/plan.ts";
import { rootsInCgroup } from "../inspect/find.ts";
import { GoneError } from "../inspect/gone.ts";
import { Inspector } from "../inspect/inspector.ts";
import { PLAIN_PLAN } from "../inspect/plan.ts";
import { processOf, type ProcessView } from "../inspect/process.ts";
import { NoTreeError, Tree } from "../inspect/tree.ts";
import { readProcess } from "../inspect/read_process.ts";
import type { Runner } from "../probes/run.ts";
import { CRIU_VERSION } from "../version.ts";
import { type InspectionRecord, inspectionRecord } from "./inspection_record.ts";
import { ProcessError } from "./process_error.ts";
import { type PageAsked, pidOfId, type PlanAsked, type ProcessRef } from "./process_request.ts";

/** A process of a tree, and the place in the list of the one that it descends from; -1 for the root. */
export interface TreeRecord {
  readonly process: ProcessView;
  readonly parent: number;
}

/** Answers about processes, as GraphQL has them, for one request. */
export class Processes {
  readonly #runner: Runner;
  #made: Inspector | undefined;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  /** One process; null where there is none, or /proc does not show it. Throws `ProcessError`. */
  process(ref: ProcessRef): ProcessView | null {
    const { sys } = this.#runner;
    if ("pid" in ref) return readProcess(sys, ref.pid);
    if ("id" in ref) return this.#byId(ref.id);
    const roots = this.#rootsOf(ref.cgroup);
    if (roots.length > 1) {
      throw new ProcessError(
        "BAD_USER_INPUT",
        `Cannot tell which process is meant: ${roots.length} of the cgroup descend from no other in it`,
      );
    }
    return roots[0] === undefined ? null : readProcess(sys, roots[0]);
  }

  /** The roots of all trees by their pids, a page of them. */
  roots({ first, after }: PageAsked): ProcessView[] {
    const from = after === null ? 0 : pidOfId(after);
    const pids = this.#inspector.roots().filter((pid) => pid > from).sort((a, b) => a - b);
    const page: ProcessView[] = [];
    for (const pid of pids) {
      if (page.length === first) break;
      // Some end while the others are looked at.
      const one = readProcess(this.#runner.sys, pid);
      if (one) page.push(one);
    }
    return page;
  }

  /** A process and all that descends from it, a process before its children. Throws `ProcessError`. */
  tree(id: string): TreeRecord[] {
    const { sys, host } = this.#runner;
    this.#still(id);
    try {
      // Who descends from it is the same whatever criu is there.
      const criu = { version: CRIU_VERSION, path: null };
      const { caller } = this.#inspector;
      using tree = new Tree({ sys, host, caller, criu, plan: PLAIN_PLAN, stop: false }, pidOfId(id));
      const places = new Map(tree.tasks.map((task, i) => [task, i]));
      return tree.tasks.map((task) => ({
        process: processOf(task),
        parent: task.parent ? places.get(task.parent)! : -1,
      }));
    } catch (error) {
      throw this.#fault(id, error);
    }
  }

  /** As `cready inspect PID --json`. Throws `ProcessError`. */
  async inspection(id: string, plan: PlanAsked): Promise<InspectionRecord> {
    this.#still(id);
    let record: InspectionRecord;
    try {
      using seen = await this.#inspector.inspect(pidOfId(id), plan);
      record = inspectionRecord(seen.inspection, seen.planOf);
    } catch (error) {
      if (error instanceof NoContainerError) throw new ProcessError("BAD_USER_INPUT", error.message);
      throw this.#fault(id, error);
    }
    // The number may have been given to another process since it was asked about.
    if (record.process.id !== id) throw ended(id);
    return record;
  }

  get #inspector(): Inspector {
    return this.#made ??= new Inspector(this.#runner);
  }

  #byId(id: string): ProcessView | null {
    const found = readProcess(this.#runner.sys, pidOfId(id));
    return found?.id === id ? found : null;
  }

  #still(id: string): void {
    if (!this.#byId(id)) throw ended(id);
  }

  #fault(id: string, error: unknown): unknown {
    if (!(error instanceof NoTreeError || error instanceof GoneError)) return error;
    return this.#byId(id) ? new ProcessError("PROCESS_UNREADABLE", error.message) : ended(id);
  }

  #rootsOf(cgroup: string): number[] {
    try {
      return rootsInCgroup(this.#runner.sys, cgroup);
    } catch (error) {
      if (error instanceof SysError) return [];
      throw error;
    }
  }
}

function ended(id: string): ProcessError {
  return new ProcessError("PROCESS_GONE", `Process ${id} has ended`);
}
