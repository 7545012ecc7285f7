import { SysError } from "../ffi/errno.ts";
import type { Libc } from "../ffi/libc.ts";
import { NoContainerError, type PlanOf } from "../inspect/engines/plan.ts";
import { rootsInCgroup, rootsNamed } from "../inspect/find.ts";
import { type Inspected, Inspector } from "../inspect/inspector.ts";
import { NoTreeError } from "../inspect/tree.ts";
import type { DumpVerdict, Inspection } from "../inspect/verdict.ts";
import { Runner } from "../probes/run.ts";
import { inspectionJson } from "../report/inspection_json.ts";
import { inspectionRecord } from "../report/inspection_record.ts";
import { allText, inspectionText, summaryOf, type TreeSummary } from "../report/inspection_text.ts";
import { Console } from "./console.ts";
import { optionLines } from "./help.ts";
import { INSPECT_OPTIONS, type InspectRequest, parseInspect } from "./inspect_options.ts";
import { shown, UsageError } from "./usage.ts";

export { INSPECT_OPTIONS as OPTIONS } from "./inspect_options.ts";

/** Exit codes by verdict. Of several processes the worst counts, in the order 1, 4, 3, 0. */
const EXIT: Readonly<Record<DumpVerdict, number>> = { DUMPABLE: 0, BLOCKED: 1, NEEDS_OPTIONS: 3, UNKNOWN: 4 };
const WORST = [1, 4, 3, 0] as const;

/** `cready inspect --help`. */
export function help(): string {
  return `Usage: cready inspect [options] PID…

Looks at a process and all that descends from it, without stopping them, and says what criu dump would do, with
which options, and what would become of it at restore.

Options:
${optionLines(INSPECT_OPTIONS)}
Exit codes: 0 can be dumped, 1 cannot, 3 can with the options named, 4 cannot be told, 2 wrong usage or no such
process. Of several processes the worst counts, in the order 1, 4, 3, 0.
`;
}

/** Runs `cready inspect`; returns its exit code. Throws `UsageError`. */
export async function run(args: readonly string[], libc: Libc): Promise<number> {
  const request = parseInspect(args);
  const console = new Console(libc);
  if (request === "help") return console.out(help()), 0;
  using runner = new Runner(libc);
  return await new InspectRun(request, runner, console).run();
}

/** One run: finds the trees, looks at each, and prints. */
class InspectRun {
  readonly #request: InspectRequest;
  readonly #runner: Runner;
  readonly #console: Console;
  readonly #inspector: Inspector;

  constructor(request: InspectRequest, runner: Runner, console: Console) {
    this.#request = request;
    this.#runner = runner;
    this.#console = console;
    const { criu, stop } = request;
    this.#inspector = new Inspector(runner, { stop, ...(criu === null ? {} : { criu }) });
    if (criu !== null && this.#inspector.criu.path === null) {
      throw new UsageError(`${shown(criu)} does not say the version of criu that it is`);
    }
  }

  async run(): Promise<number> {
    const { all, json, quiet } = this.#request;
    const summaries: TreeSummary[] = [];
    let code: number | undefined;
    let printed = 0;
    for (const pid of this.#pids()) {
      let seen: Inspected;
      try {
        seen = await this.#inspect(pid);
      } catch (error) {
        // Of all trees some end while the others are looked at.
        if (all && error instanceof UsageError) continue;
        throw error;
      }
      using tree = seen;
      const { inspection, planOf } = tree;
      code = code === undefined ? EXIT[inspection.dump] : worst(code, EXIT[inspection.dump]);
      if (all && !json) summaries.push(summaryOf(inspection));
      else if (!quiet) this.#print(inspection, planOf, printed++ > 0);
    }
    if (all && !json && !quiet) this.#console.out(allText(summaries));
    return code ?? 0;
  }

  #print(inspection: Inspection, planOf: PlanOf, following: boolean): void {
    if (this.#request.json) {
      const document = inspectionJson(inspectionRecord(inspection, planOf), (id) => this.#inspector.criuName(id));
      this.#console.out(`${JSON.stringify(document)}\n`);
    } else this.#console.out(`${following ? "\n" : ""}${inspectionText(inspection, planOf)}`);
  }

  #pids(): number[] {
    const { pids, names, cgroups, all } = this.#request;
    const { sys } = this.#runner;
    if (all) return this.#inspector.roots();
    const found = [...pids];
    for (const name of names) {
      const roots = rootsNamed(sys, name);
      if (roots.length === 0) throw new UsageError(`There is no process named ${shown(name)}`);
      found.push(...roots);
    }
    for (const path of cgroups) {
      const roots = this.#inCgroup(path);
      if (roots.length === 0) throw new UsageError(`There is no process in the cgroup ${shown(path)}`);
      found.push(...roots);
    }
    return [...new Set(found)];
  }

  #inCgroup(path: string): number[] {
    try {
      return rootsInCgroup(this.#runner.sys, path);
    } catch (error) {
      if (error instanceof SysError) {
        throw new UsageError(`There is no cgroup ${shown(path)} that could be read: ${error.code}`);
      }
      throw error;
    }
  }

  async #inspect(pid: number): Promise<Inspected> {
    try {
      return await this.#inspector.inspect(pid, this.#request);
    } catch (error) {
      if (error instanceof NoTreeError || error instanceof NoContainerError) throw new UsageError(error.message);
      throw error;
    }
  }
}

function worst(a: number, b: number): number {
  return WORST.find((code) => code === a || code === b)!;
}
