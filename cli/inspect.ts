import type { Libc } from "../ffi/libc.ts";
import { askFeatures } from "../inspect/features.ts";
import { look } from "../inspect/look.ts";
import { PLAIN_PLAN } from "../inspect/plan.ts";
import { surroundings } from "../inspect/surroundings.ts";
import { NoTreeError, type Surroundings } from "../inspect/tree.ts";
import { conclude, type DumpVerdict, featuresNeeded, type Inspection } from "../inspect/verdict.ts";
import { Runner } from "../probes/run.ts";
import { inspectionJson } from "../report/inspection_json.ts";
import { inspectionText } from "../report/inspection_text.ts";
import type { CommandOption } from "./commands.ts";
import { Console } from "./console.ts";
import { getopt } from "./getopt.ts";
import { optionLines } from "./help.ts";
import { shown, UsageError } from "./usage.ts";

export const OPTIONS: readonly CommandOption[] = [
  { name: "json", argument: "none", help: "print data.process.inspection of schema/inspection.graphql" },
  { name: "quiet", short: "q", argument: "none", help: "print nothing: the exit code says it" },
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** Exit codes by verdict. Of several processes the worst counts, in the order 1, 4, 3, 0. */
const EXIT: Readonly<Record<DumpVerdict, number>> = { DUMPABLE: 0, BLOCKED: 1, NEEDS_OPTIONS: 3, UNKNOWN: 4 };
const WORST = [1, 4, 3, 0] as const;

/** `cready inspect --help`. */
export function help(): string {
  return `Usage: cready inspect [options] PID…

Looks at a process and all that descends from it, without stopping them, and says what criu dump would do, with
which options, and what would become of it at restore.

Options:
${optionLines(OPTIONS)}
Exit codes: 0 can be dumped, 1 cannot, 3 can with the options named, 4 cannot be told, 2 wrong usage or no such
process. Of several processes the worst counts, in the order 1, 4, 3, 0.
`;
}

/** Runs `cready inspect`; returns its exit code. Throws `UsageError`. */
export async function run(args: readonly string[], libc: Libc): Promise<number> {
  const { options, words } = getopt(args, OPTIONS);
  const console = new Console(libc);
  const has = (name: string) => options.some((option) => option.name === name);
  if (has("help")) return console.out(help()), 0;
  const pids = words.slice(1).map(pidOf);
  if (pids.length === 0) throw new UsageError("inspect takes the pid of at least one process");
  using runner = new Runner(libc);
  const around = surroundings(runner.sys, runner.host, PLAIN_PLAN);
  let code = 0;
  for (const [i, pid] of pids.entries()) {
    using seen = tryLook(around, pid);
    const findings = await askFeatures(runner, featuresNeeded(seen));
    const inspection = conclude(seen, findings);
    if (!has("quiet")) {
      if (has("json")) {
        console.out(`${JSON.stringify(inspectionJson(inspection, (id) => findings.get(id)!.feature))}\n`);
      } else console.out(`${i > 0 ? "\n" : ""}${inspectionText(inspection, who(inspection))}`);
    }
    code = worst(code, EXIT[inspection.dump]);
  }
  return code;
}

function worst(a: number, b: number): number {
  return WORST.find((code) => code === a || code === b)!;
}

function tryLook(around: Surroundings, pid: number) {
  try {
    return look(around, pid);
  } catch (error) {
    if (error instanceof NoTreeError) throw new UsageError(error.message);
    throw error;
  }
}

/** The largest pid that Linux can be set to (PID_MAX_LIMIT). */
const PID_MAX = 4_194_304;

function pidOf(word: string): number {
  const pid = /^\d{1,10}$/.test(word) ? Number(word) : 0;
  if (pid < 1 || pid > PID_MAX) throw new UsageError(`${shown(word)} is no pid: it is a number from 1 to ${PID_MAX}`);
  return pid;
}

/** Whose rights the verdict rests on. */
function who({ tree }: Inspection): string {
  const { caller } = tree.around;
  return caller.euid === 0 ? "as root" : `as uid ${caller.euid}`;
}
