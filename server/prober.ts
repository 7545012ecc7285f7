import { writeAll } from "../ffi/out.ts";
import type { Libc } from "../ffi/libc.ts";
import { Sys } from "../ffi/sys.ts";
import { receive } from "../ffi/socket.ts";
import { SIGKILL } from "../ffi/uapi.ts";
import { featureNamed, PROBES } from "../probes/registry.ts";
import { Runner } from "../probes/run.ts";
import { inScope, type Scope } from "../probes/scope.ts";
import { surroundings } from "../probes/surroundings.ts";
import { idAsked, pageAsked, planAsked, refAsked } from "../report/process_request.ts";
import { hostFacts } from "../report/report.ts";
import { type Answer, type Question, recordOf } from "./question.ts";

const SOCKET = 0;
const PR_SET_PDEATHSIG = 1;
const LF = 10;
/** No question is longer. */
const LIMIT = 64 * 1024;
/** Questions of one word. */
const PLAIN = ["host", "surroundings", "report", "criu", "cpu"] as const;
const SCOPES: readonly Scope[] = ["REQUIRED", "EXTRA", "EXPERIMENTAL", "ALL"];

/**
 * Answers questions on descriptor 0 until its other end is closed, or the keeper with the pid `keeper` ends. Nothing else
 * is done, whatever is asked.
 */
export async function probe(libc: Libc, keeper: number): Promise<void> {
  const sys = new Sys(libc, []);
  // Whoever started it is the only one who can end it when it hangs.
  sys.call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // No signal comes of an end that was before.
  if (sys.call("getppid") !== keeper) return;
  let rest = new Uint8Array();
  for (;;) {
    const bytes = receive(sys, SOCKET);
    if (typeof bytes === "number" || bytes.length === 0) return;
    const all = new Uint8Array(rest.length + bytes.length);
    all.set(rest);
    all.set(bytes, rest.length);
    rest = all;
    for (let end; (end = rest.indexOf(LF)) >= 0; rest = rest.subarray(end + 1)) {
      const question = questionOf(new TextDecoder().decode(rest.subarray(0, end)));
      await answer(libc, question, (answer) => writeAll(libc, SOCKET, `${JSON.stringify(answer)}\n`));
    }
    if (rest.length > LIMIT) throw new RangeError("Cannot read a question: it is too long");
  }
}

/** Trusts nothing that it is told: whoever asks has fewer rights. */
function questionOf(text: string): Question {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("ask" in value)) throw new TypeError("Cannot read a question");
  const plain = PLAIN.find((one) => one === value.ask);
  if (plain) return { ask: plain };
  if (value.ask === "findings" && "ids" in value && Array.isArray(value.ids) && "named" in value) {
    return { ask: "findings", ids: value.ids.map(String), named: value.named === true };
  }
  if (value.ask === "process" && "ref" in value) return { ask: "process", ref: refAsked(value.ref) };
  if (value.ask === "processes" && "page" in value) {
    const { first, after } = value.page as Readonly<Record<string, unknown>>;
    return { ask: "processes", page: pageAsked(first, after) };
  }
  if (value.ask === "tree" && "id" in value) return { ask: "tree", id: idAsked(value.id) };
  if (value.ask === "inspection" && "id" in value && "plan" in value) {
    const { with: given, ...plan } = value.plan as Readonly<Record<string, unknown>>;
    const options = Array.isArray(given) ? given.map(optionText) : given;
    const most = "most" in value ? Math.max(1, Math.trunc(Number(value.most))) : NaN;
    if (!Number.isSafeInteger(most)) throw new TypeError("Cannot read a question");
    return { ask: "inspection", id: idAsked(value.id), plan: planAsked({ ...plan, options }), most };
  }
  throw new TypeError("Cannot answer a question of that kind");
}

/** An option as whoever asked wrote it. */
function optionText(given: unknown): string {
  const { name, value } = given as Readonly<Record<string, unknown>>;
  return typeof value === "string" ? `--${name} ${value}` : `--${name}`;
}

async function answer(libc: Libc, question: Question, tell: (answer: Answer) => void): Promise<void> {
  using runner = new Runner(libc);
  if (question.ask === "host") {
    const scopes = SCOPES.map((scope) => [scope, inScope(PROBES, scope, runner.host).map(({ id }) => id)]);
    tell({ host: hostFacts(runner.host), scopes: Object.fromEntries(scopes) });
  } else if (question.ask === "surroundings") {
    const text = new TextEncoder().encode(surroundings(runner.sys, PROBES));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
    tell({ surroundings: Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") });
  } else if (question.ask === "report") {
    const start = performance.now();
    // Most probers never report.
    const { machineReport } = await import("../fleet/make.ts");
    const report = await machineReport(runner, () => tell({ found: true }));
    tell({ report, durationMs: performance.now() - start });
  } else if (question.ask === "criu") {
    const { criuHere } = await import("../report/machine.ts");
    tell({ criu: criuHere(runner) });
  } else if (question.ask === "cpu") {
    const { compatIdHere } = await import("../report/machine.ts");
    tell({ cpuCompatId: await compatIdHere(runner) });
  } else if (question.ask !== "findings") {
    // Most servers are never asked for processes.
    const { answerAboutProcesses } = await import("./process_answer.ts");
    tell(await answerAboutProcesses(runner, question));
  } else {
    for (const probe of question.ids.map(featureNamed).filter((one) => one !== undefined)) {
      tell({ finding: recordOf(runner.probe(probe, Infinity, question.named)) });
    }
  }
  tell({ done: true });
}
