/** One specimen: what cready says of it, what criu does with it, and where the two differ. */
import { type Criu, dump, restore, type Said } from "./criu.ts";
import { type Machine, type Outcome, Sandbox, type Specimen, Unmade } from "./sandbox.ts";
import { search } from "./search.ts";

/** What matters here of `cready inspect --json`. */
export interface Inspection {
  readonly dump: "DUMPABLE" | "NEEDS_OPTIONS" | "BLOCKED" | "UNKNOWN";
  readonly restore: "EXPECTED" | "STATE_LOST" | "AT_RISK" | "REFUSED" | "UNKNOWN";
  readonly options: readonly { readonly text: string }[];
  readonly obstacles: readonly {
    readonly rule: string;
    readonly stage: "DUMP" | "RESTORE";
    readonly subject: string;
    readonly reason: string;
    readonly message: string | null;
  }[];
  readonly command: string | null;
}

/** What `cready why --json` makes of a log. */
export interface Why {
  readonly causes: readonly { readonly id: string; readonly also: readonly string[] }[];
}

/** Exit codes of `cready inspect`. */
const EXIT = { DUMPABLE: 0, BLOCKED: 1, NEEDS_OPTIONS: 3, UNKNOWN: 4 } as const;

/** A difference; `kind` is what it counts as. */
export interface Difference {
  readonly kind:
    | "failed"
    | "false DUMPABLE"
    | "false NEEDS_OPTIONS"
    | "false BLOCKED"
    | "unneeded option"
    | "wrong message"
    | "false EXPECTED"
    | "false REFUSED"
    | "undecided"
    | "wrong why"
    | "not as its row says";
  readonly predicted: string;
  readonly seen: string;
}

/** All of one specimen. */
export interface Trial extends Specimen {
  readonly criu: string;
  readonly predicted: Inspection | null;
  /** Of the dump without options. */
  readonly dumped: boolean | null;
  readonly errors: readonly string[];
  /** The options that were given, null where the dump without any was the last. */
  readonly options: readonly string[] | null;
  readonly dumpedWithOptions: boolean | null;
  readonly restored: boolean | null;
  readonly restoreErrors: readonly string[];
  readonly differences: readonly Difference[];
  /** Why it cannot be made on this machine, which lacks something that its row names; null where it could. */
  readonly unmade: string | null;
  readonly ms: number;
}

/** How a trial is made. */
export interface Bench {
  readonly cready: string;
  readonly judge: Criu;
  readonly machine: Machine;
  /** Whether what was dumped is restored. */
  readonly restore: boolean;
  /** Keeps the log of a dump that was refused. */
  keepLog?(name: string, log: string): Promise<void>;
}

/** Lines of a failed dump that follow from another one. */
const FOLLOWS =
  /^(Dumping FAILED\.|Restoring FAILED\.|Dump files \(pid: \d+\) failed|Collect mappings \(pid: \d+\) failed|Dump mappings \(pid: \d+\) failed)/;

/** What stands for the words of a criu that did not end. */
const CUT_OFF = /^no end after \d+ s$/;

/** Whether criu's line is the message; its lines start with a module's prefix at times and may end with errno's words. */
export function isMessage(line: string, message: string): boolean {
  const plain = (text: string) => text.replace(/^[a-z0-9-]+: \s*/, "").trim();
  return plain(line) === plain(message) || plain(line).startsWith(`${plain(message)}: `);
}

async function inspect(sandbox: Sandbox, bench: Bench): Promise<Inspection> {
  const criu = bench.judge.program.replace(/\/[^/]*$/, "");
  const words = [bench.cready, "inspect", `${sandbox.root}`, "--json"];
  const outcome: Outcome = await sandbox.run(words, { PATH: `${criu}:${bench.judge.path}` });
  let said: Inspection;
  try {
    said = JSON.parse(outcome.stdout);
  } catch {
    throw new Error(
      `cready inspect ended with ${outcome.code}: ${outcome.stderr.trim() || outcome.stdout.slice(0, 500)}`,
    );
  }
  if (outcome.code !== EXIT[said.dump]) {
    throw new Error(`cready inspect says ${said.dump} and ends with ${outcome.code}`);
  }
  return said;
}

/** The words of options as a shell would have them; cready quotes what needs it. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [, bare, quoted] of text.matchAll(/((?:[^\s'\\]|\\.|'[^']*')+)|('')/g)) {
    words.push(quoted ? "" : bare!.replace(/'([^']*)'|\\(.)/g, (_, inside, escaped) => inside ?? escaped));
  }
  return words;
}

/** Which of the predicted options are given: none, all, or all but one. */
export type Pick = "none" | "all" | number;

/** One start of a specimen, inspected and dumped. */
export interface Attempt {
  readonly predicted: Inspection;
  readonly options: readonly string[];
  readonly dumped: Said;
  readonly restored: Said | null;
  readonly why: Why | null;
}

/** The words that a pick stands for; numbers in them differ from start to start, their order does not. */
function picked(predicted: Inspection, pick: Pick): string[] {
  if (pick === "none") return [];
  return predicted.options.map(({ text }) => text).filter((_, at) => at !== pick);
}

/** Dumps a fresh start of the specimen with some of the options that are predicted for that start. */
async function attempt(row: Specimen, bench: Bench, pick: Pick): Promise<Attempt> {
  await using sandbox = await Sandbox.start(row.name, bench.machine);
  const predicted = await inspect(sandbox, bench);
  const options = picked(predicted, pick);
  const words = options.flatMap(wordsOf);
  const dumped = await dump(sandbox, bench.judge, words);
  const restored = dumped.ok && bench.restore ? await restore(sandbox, bench.judge, words) : null;
  let why: Why | null = null;
  if (!dumped.ok) {
    const said = await sandbox.run([bench.cready, "why", "--json", "/run/cready-truth/images/dump.log"]);
    try {
      why = JSON.parse(said.stdout);
    } catch {
      // There may be no log at all, such as of a dump that was cut off.
    }
  }
  return { predicted, dumped, restored, options, why };
}

/** All that is to be found out about a specimen. */
export function trial(row: Specimen, bench: Bench): Promise<Trial> {
  return judge(row, {
    version: bench.judge.version,
    attempt: (pick) => attempt(row, bench, pick),
    helped: async () => (await search(row.name, bench.judge, bench.machine)).options,
    keepLog: async (log) => await bench.keepLog?.(row.name, log),
  });
}

/** Where the attempts come from: made now, or in a virtual machine before. */
export interface Source {
  readonly version: string;
  attempt(pick: Pick): Promise<Attempt>;
  /** The options that let the dump pass, found by criu's words alone; null where there are none. */
  helped(): Promise<readonly string[] | null>;
  keepLog(log: string): Promise<void>;
}

/** What cready said of a specimen beside what criu did. */
export async function judge(row: Specimen, source: Source): Promise<Trial> {
  const from = performance.now();
  const differences: Difference[] = [];
  const differ = (kind: Difference["kind"], predicted: string, seen: string) =>
    differences.push({ kind, predicted, seen });
  const result = {
    ...row,
    criu: source.version,
    predicted: null as Inspection | null,
    dumped: null as boolean | null,
    errors: [] as readonly string[],
    options: null as readonly string[] | null,
    dumpedWithOptions: null as boolean | null,
    restored: null as boolean | null,
    restoreErrors: [] as readonly string[],
    differences,
    unmade: null as string | null,
    ms: 0,
  };
  try {
    const first = await source.attempt("none");
    const { predicted, dumped, why } = first;
    Object.assign(result, { predicted, dumped: dumped.ok, errors: dumped.errors });
    if (!dumped.ok) await source.keepLog(dumped.log);
    const rules = [...new Set(predicted.obstacles.filter(({ stage }) => stage === "DUMP").map(({ rule }) => rule))];
    const says = `${predicted.dump}${rules.length > 0 ? ` by ${rules.join(", ")}` : ""}`;
    const texts = predicted.options.map(({ text }) => text);
    const seen = dumped.ok
      ? "it was dumped"
      : dumped.errors.filter((line) => !FOLLOWS.test(line)).join(" / ") || dumped.errors.join(" / ");
    let restored = first.restored;

    // A specimen that no longer makes its situation would prove nothing.
    if (row.dump !== "host" && (row.dump === "dumped") !== dumped.ok && source.version.startsWith("4.2")) {
      differ("not as its row says", `its row says ${row.dump}`, seen);
    }
    if (predicted.dump === "DUMPABLE" && !dumped.ok) differ("false DUMPABLE", says, seen);
    if (predicted.dump === "UNKNOWN") differ("undecided", says, seen);
    if (predicted.dump === "NEEDS_OPTIONS") {
      if (dumped.ok) differ("unneeded option", `${says}: ${texts.join(" ")}`, "it was dumped without any");
      const second = await source.attempt("all");
      Object.assign(result, { options: second.options, dumpedWithOptions: second.dumped.ok });
      if (!second.dumped.ok) {
        differ("false NEEDS_OPTIONS", `${says}: ${second.options.join(" ")}`, second.dumped.errors.join(" / "));
      } // One option would be no proper part to try: without any it has been tried already.
      else if (second.options.length > 1) {
        for (const [left] of second.options.entries()) {
          const third = await source.attempt(left);
          if (third.dumped.ok) {
            differ(
              "unneeded option",
              `${says}: ${second.options[left]}`,
              `it was dumped with ${third.options.join(" ")}`,
            );
          }
        }
      }
      restored = second.restored;
    }
    if (predicted.dump === "BLOCKED") {
      if (dumped.ok) differ("false BLOCKED", says, seen);
      else {
        const helped = await source.helped();
        if (helped) differ("false BLOCKED", says, `it was dumped with ${helped.join(" ")}`);
      }
    }
    // A dump that hangs says nothing.
    const spoke = !dumped.errors.some((line) => CUT_OFF.test(line));
    if (!dumped.ok && spoke && (predicted.dump === "BLOCKED" || predicted.dump === "NEEDS_OPTIONS")) {
      const messages = predicted.obstacles.filter(({ stage, message }) => stage === "DUMP" && message).map((
        { message },
      ) => message!);
      const found = dumped.errors.some((line) => messages.some((message) => isMessage(line, message)));
      // Some words cannot be known beforehand, such as the numbers of criu's own descriptors: then the rule must be found in
      // what it says. Where it gives no reason none can be predicted.
      const causes = why?.causes.flatMap(({ id, also }) => [id, ...also]) ?? [];
      const known = causes.some((id) => rules.includes(id));
      const silent = dumped.errors.every((line) => FOLLOWS.test(line));
      if (!found && !(messages.length === 0 && (known || silent))) {
        differ("wrong message", messages.join(" / ") || `none, by ${rules.join(", ")}`, dumped.errors.join(" / "));
      }
      if (why && !known) differ("wrong why", rules.join(", "), causes.join(", ") || "no cause");
    }
    Object.assign(result, { restored: restored?.ok ?? null, restoreErrors: restored?.errors ?? [] });
    if (restored && predicted.dump !== "BLOCKED") {
      const words = restored.errors.join(" / ");
      if (predicted.restore === "EXPECTED" && !restored.ok) differ("false EXPECTED", "EXPECTED", words);
      if (predicted.restore === "EXPECTED" && row.restore === "lost") {
        differ("false EXPECTED", "EXPECTED", "state is lost");
      }
      if (predicted.restore === "REFUSED" && restored.ok) differ("false REFUSED", "REFUSED", "it was restored");
    }
  } catch (error) {
    if (error instanceof Unmade) return { ...result, unmade: error.message, ms: Math.round(performance.now() - from) };
    differ("failed", "", error instanceof Error ? error.message : String(error));
  }
  return { ...result, ms: Math.round(performance.now() - from) };
}
