import { type Engine, ENGINES, type GivenCriuOption } from "../inspect/plan.ts";
import { ProcessError, type ProcessFault } from "./process_error.ts";

/** Which process is meant. A cgroup is below /sys/fs/cgroup, without a slash at its start. */
export type ProcessRef = { readonly pid: number } | { readonly id: string } | { readonly cgroup: string };

/** How the dump would be made; unlike on the command line, nothing in it names a file. */
export interface PlanAsked {
  readonly engine: Engine;
  readonly with: readonly GivenCriuOption[];
  readonly preDump: boolean;
  readonly lazyPages: boolean;
  readonly leaveRunning: boolean;
}

/** A page of processes. */
export interface PageAsked {
  readonly first: number;
  /** The id of the process after which the page begins. */
  readonly after: string | null;
}

/** The largest pid that Linux can be set to (PID_MAX_LIMIT). */
const PID_MAX = 4_194_304;
const MOST_PROCESSES = 1000;
/** PATH_MAX, and as many characters for an option. */
const LONGEST = 4096;
const MOST_OPTIONS = 100;
const ID = /^([1-9][0-9]{0,6})@[0-9]{1,20}$/;
const CGROUPS = /^\/sys\/fs\/cgroup(?=\/|$)/;
/** Options with which criu looks into folders: what is there is not for whoever asks. */
const OF_FOLDERS: readonly string[] = ["libdir", "irmap-scan-path", "config"];

/** Takes a reference that somebody gave; trusts nothing of it. Throws `ProcessError`. */
export function refAsked(given: unknown): ProcessRef {
  const { pid, id, cgroup } = given as Readonly<Record<string, unknown>>;
  if (typeof pid === "number") return { pid: pidAsked(pid) };
  if (typeof id === "string") return { id: idAsked(id) };
  if (typeof cgroup === "string") return { cgroup: cgroupAsked(cgroup) };
  throw wrong("Cannot tell which process is meant: it takes a pid, an id or a cgroup");
}

/** Takes a plan that somebody gave; null for a plain `criu dump`. Throws `ProcessError`. */
export function planAsked(given: unknown): PlanAsked {
  const { engine = "CRIU", options = [], preDump, lazyPages, leaveRunning } = (given ?? {}) as Readonly<
    Record<string, unknown>
  >;
  const known = ENGINES.find((one) => one === engine);
  if (!known) throw wrong(`Cannot use ${shown(String(engine))} as engine: it is one of ${ENGINES.join(", ")}`);
  if (!Array.isArray(options) || options.length > MOST_OPTIONS) {
    throw wrong(`Cannot use so many options: there may be ${MOST_OPTIONS}`);
  }
  return {
    engine: known,
    with: options.map(optionAsked),
    preDump: preDump === true,
    lazyPages: lazyPages === true,
    leaveRunning: leaveRunning === true,
  };
}

/** Takes the bounds of a page that somebody gave. Throws `ProcessError`. */
export function pageAsked(first: unknown, after: unknown): PageAsked {
  if (typeof first !== "number" || !(first >= 1 && first <= MOST_PROCESSES)) {
    throw wrong(`Cannot use ${shown(String(first))} as first: it must be from 1 to ${MOST_PROCESSES}`);
  }
  return { first: Math.trunc(first), after: after === null || after === undefined ? null : idAsked(after) };
}

/** Takes the id of a process that somebody gave. Throws `ProcessError`. */
export function idAsked(given: unknown): string {
  const id = String(given), pid = Number(ID.exec(id)?.[1] ?? 0);
  if (pid >= 1 && pid <= PID_MAX) return id;
  throw wrong(`Cannot use ${shown(id)} as id of a process: it is PID@STARTTIME`);
}

/** The pid of an id. */
export function pidOfId(id: string): number {
  return Number(id.slice(0, id.indexOf("@")));
}

function pidAsked(pid: number): number {
  if (Number.isInteger(pid) && pid >= 1 && pid <= PID_MAX) return pid;
  throw wrong(`Cannot use ${pid} as pid: it must be from 1 to ${PID_MAX}`);
}

function cgroupAsked(given: string): string {
  const below = given.replace(CGROUPS, "").replace(/^\/+/, "").replace(/\/+$/, "");
  const parts = below.split("/");
  // deno-lint-ignore no-control-regex -- control bytes are what is looked for
  const bad = /[\x00-\x1f\x7f]/.test(below) || parts.some((part) => part === "" || part === "." || part === "..");
  if (!bad && given.length <= LONGEST) return below;
  throw wrong(`Cannot use ${shown(given)} as cgroup: it is the path of a folder below /sys/fs/cgroup`);
}

function optionAsked(given: unknown): GivenCriuOption {
  const text = String(given);
  const [, name, value] = /^--([a-z0-9-]+)(?:[ =](.*))?$/s.exec(text) ?? [];
  if (name === undefined || text.length > LONGEST || text.includes("\0")) {
    throw wrong(`Cannot use ${shown(text)} as option: it is one of criu's such as --tcp-close`);
  }
  if (OF_FOLDERS.includes(name)) throw wrong(`Cannot use --${name}: no argument may be the path of a file`);
  return { name, value: value ?? null, from: "command line" };
}

function wrong(message: string): ProcessError {
  return new ProcessError("BAD_USER_INPUT" satisfies ProcessFault, message);
}

const SHOWN = 100;
function shown(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN));
}
