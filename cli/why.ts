import { SysError } from "../ffi/errno.ts";
import type { Libc } from "../ffi/libc.ts";
import { readStream } from "../ffi/stream.ts";
import { visible } from "../report/text.ts";
import { type Cause, type Diagnosis, exitCode } from "../why/diagnosis.ts";
import { type Engine, ENGINE_NAMES, ENGINE_TITLES, LOG_PLACES } from "../why/engines.ts";
import { LogReader } from "../why/reader.ts";
import type { CommandOption } from "./commands.ts";
import { Console } from "./console.ts";
import { getopt } from "./getopt.ts";
import { optionLines } from "./help.ts";
import { row } from "./rows.ts";
import { shown, UsageError } from "./usage.ts";

export const OPTIONS: readonly CommandOption[] = [
  {
    name: "engine",
    argument: "required",
    value: "NAME",
    values: Object.keys(ENGINE_NAMES),
    help: `who called criu: ${Object.keys(ENGINE_NAMES).join(", ")}; by default taken from the text`,
  },
  { name: "json", argument: "none", help: "one JSON object on stdout" },
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** `cready why --help`. */
export function help(): string {
  return `Usage: cready why [options] LOG

Reads a dump.log or restore.log of criu, or what runc, crun, podman, the kubelet, containerd or CRI-O said, and
tells what ended the dump or restore: the rule, the task, descriptor or file that it names, what mends it, and into
which file of the engine a missing option goes. LOG is a file, or - for standard input.

Options:
${optionLines(OPTIONS)}
Exit code: 0 all causes are known, 1 a line or the cause is not, 2 usage or a file that cannot be read, 4 there is
no error in the log.
`;
}

/** Runs `cready why`; returns its exit code. Throws `UsageError`. */
export function run(args: readonly string[], libc: Libc): number {
  const { options, words } = getopt(args, OPTIONS);
  const console = new Console(libc);
  if (options.some(({ name }) => name === "help")) return console.out(help()), 0;
  const [path, ...more] = words.slice(1);
  if (path === undefined || more.length > 0) throw new UsageError("why takes one log: a file, or - for standard input");
  const engine = options.findLast(({ name }) => name === "engine")?.value;
  const diagnosis = read(libc, path, engine === undefined ? undefined : engineNamed(engine));
  console.out(options.some(({ name }) => name === "json") ? json(diagnosis) : text(diagnosis));
  return exitCode(diagnosis);
}

function engineNamed(name: string): Engine {
  const engine = ENGINE_NAMES[name.toLowerCase()];
  if (!engine || !Object.hasOwn(ENGINE_NAMES, name.toLowerCase())) {
    throw new UsageError(`unknown engine: ${shown(name)}; there is ${Object.keys(ENGINE_NAMES).join(", ")}`);
  }
  return engine;
}

function read(libc: Libc, path: string, engine: Engine | undefined): Diagnosis {
  const reader = new LogReader(engine, path);
  try {
    readStream(libc, path, (bytes) => reader.push(bytes));
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    throw new UsageError(`Cannot read ${path === "-" ? "standard input" : shown(path)}: ${error.code}`);
  }
  return reader.end();
}

/** What `--json` prints. */
export function json(diagnosis: Diagnosis): string {
  return `${JSON.stringify({ schemaVersion: 1, ...diagnosis })}\n`;
}

const DID = { DUMP: "dump", RESTORE: "restore" } as const;

function text(diagnosis: Diagnosis): string {
  const { causes, warnings, unknown, left } = diagnosis;
  return [
    `${headline(diagnosis)}\n`,
    ...causes.map((cause) => `\n${causeText(cause, diagnosis)}`),
    ...(unknown.length > 0 ? ["\nNot known to cready:\n"] : []),
    ...unknown.map(({ line, times, text }) => row(`line ${line}`, `${text}${repeated(times)}`)),
    ...(warnings.length > 0 ? ["\nWarned of, and no cause:\n"] : []),
    ...warnings.map((cause) => row(`line ${cause.line}`, `${about(cause)}${cause.title}: ${cause.message}`)),
    left > 0 ? `\n${left} more lines of these kinds are left out.\n` : "",
    whereText(diagnosis),
  ].join("");
}

function headline(
  { causes, unknown, stage, criu, succeeded, onlyFailed, followUps, cut, busyWith }: Diagnosis,
): string {
  const who = `criu${criu === null ? "" : ` ${visible(criu)}`}`;
  const did = stage === null ? "" : ` ${DID[stage]}`;
  if (succeeded) return `${who} has succeeded${stage === null ? "" : `: the ${DID[stage]} went well`}.`;
  if (causes.length > 0) return `${who} could not${did || " go on"}: ${counted(causes.length, "cause")}`;
  if (unknown.length > 0) {
    return `${who} could not${did || " go on"}: ${counted(unknown.length, "line")} that cready does not know`;
  }
  if (onlyFailed || followUps > 0) {
    return `${who} failed${stage === null ? "" : ` to ${DID[stage]}`}, and the text does not say why.`;
  }
  if (cut) {
    return `The log ends before ${who} says how it went: it was killed, still runs or waits, or the rest is missing.${
      busyWith === null ? "" : ` It was at ${visible(busyWith)}.`
    }`;
  }
  return "There is no error in this log.";
}

function causeText(cause: Cause, { engine, stage }: Diagnosis): string {
  const { title, message, line, times, remedy, cost, placement, also, kind, id } = cause;
  return [
    `${visible(about(cause))}${title}   ${kind === "RULE" ? "rule " : ""}${id}\n`,
    row(kind === "ENGINE" ? "said" : "criu says", `${message}   line ${line}${repeated(times)}`),
    also.length > 0 ? row("or", also.join(", ")) : "",
    remedy === null ? "" : row("mend", remedy),
    cost === null ? "" : row("costs", cost),
    placement === null ? "" : row(ENGINE_TITLES[engine ?? "CRIU"], placementText(placement, engine, stage)),
  ].join("");
}

function placementText(
  placement: NonNullable<Cause["placement"]>,
  engine: Engine | null,
  stage: Diagnosis["stage"],
): string {
  const { option, line, file } = placement;
  const put = `put ${line} into ${file}${engine === "CRUN" ? " (crun reads it with criu 4.2 or newer)" : ""}`;
  if (engine === null || engine === "CRIU") return `criu ${DID[stage ?? "DUMP"]} … --${line}, or ${put}`;
  return option === null ? put : `give ${option}, or ${put}`;
}

const about = ({ subject }: Cause) => subject === null ? "" : `${subject}: `;
const repeated = (times: number) => times === 1 ? "" : `, ${times} times`;
const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** Where the cause is to be looked for when the text does not have it. */
function whereText({ onlyFailed, logFiles, engine }: Diagnosis): string {
  if (!onlyFailed) return "";
  if (logFiles.length > 0) {
    return `\nThe cause is in criu's own log; ask again with it:\n${
      logFiles.map((path) => `  cready why ${visible(path)}\n`).join("")
    }`;
  }
  return `\nThe cause is in criu's own log. It lies in ${LOG_PLACES[engine ?? "CRIU"]}.\n`;
}
