import { SysError } from "../ffi/errno.ts";
import { readBytes, readFd } from "../ffi/files.ts";
import type { Libc } from "../ffi/libc.ts";
import { Sys } from "../ffi/sys.ts";
import type { CommandOption } from "./commands.ts";
import { Console } from "./console.ts";
import { getopt, type GivenOption } from "./getopt.ts";
import { optionLines } from "./help.ts";
import { shown, UsageError } from "./usage.ts";

export const OPTIONS: readonly CommandOption[] = [
  { name: "file", short: "f", argument: "required", value: "FILE", help: "read the query from a file" },
  { name: "variables", argument: "required", value: "JSON", help: "the values of its variables, a JSON object" },
  { name: "operation", argument: "required", value: "NAME", help: "which operation, where there are several" },
  {
    name: "connect",
    argument: "required",
    value: "ADDRESS",
    help: "ask a running cready serve: unix:PATH or http://127.0.0.1:PORT",
  },
  { name: "token-file", argument: "required", value: "FILE", help: "the bearer token for --connect" },
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** `cready query --help`. */
export function help(): string {
  return `Usage: cready query [options] QUERY | -f FILE | -

Answers a GraphQL query on this machine, without a server; - reads it from the standard input. The answer is one line
of JSON, for a subscription one line an event. \`cready schema\` prints what can be asked.

Options:
${optionLines(OPTIONS)}
Exit codes: 0 answered, 1 the answer has errors, 2 wrong usage.
`;
}

/** No query is larger. */
const LIMIT = 1 << 20;
const STDIN = 0;

/** One operation, as it was asked for. */
export interface Request {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | undefined;
}

/** Runs `cready query`; returns its exit code. Throws `UsageError`. */
export async function run(args: readonly string[], libc: Libc): Promise<number> {
  const { options, words } = getopt(args, OPTIONS);
  const console = new Console(libc);
  const given = (name: string) => options.findLast((option: GivenOption) => option.name === name)?.value;
  if (options.some(({ name }) => name === "help")) return console.out(help()), 0;
  const request: Request = {
    query: textOf(libc, words.slice(1), given("file")),
    variables: variablesOf(given("variables")),
    operationName: given("operation"),
  };
  const connect = given("connect");
  const tokenFile = given("token-file");
  if (connect === undefined) {
    if (tokenFile !== undefined) throw new UsageError("--token-file is for --connect");
    // GraphQL is loaded here, and by no other command but serve.
    const { answerHere } = await import("./query_here.ts");
    return await answerHere(request, libc, (answer) => print(console, answer));
  }
  const { answerThere } = await import("./query_remote.ts");
  return await answerThere(request, connect, tokenFile, libc, (answer) => print(console, answer));
}

function textOf(libc: Libc, words: readonly string[], file: string | undefined): string {
  if (words.length + (file === undefined ? 0 : 1) !== 1) {
    throw new UsageError("query takes one query, or -f FILE, or -");
  }
  const sys = new Sys(libc, []);
  if (file === undefined && words[0] !== "-") return words[0]!;
  const path = file ?? "the standard input";
  let bytes: Uint8Array;
  try {
    bytes = file === undefined ? readFd(sys, STDIN, path, LIMIT + 1) : readBytes(sys, file, LIMIT + 1);
  } catch (error) {
    if (error instanceof SysError) throw new UsageError(`cannot read ${shown(path)}: ${error.code}`);
    throw error;
  }
  if (bytes.length > LIMIT) throw new UsageError(`${shown(path)} is larger than 1 MB`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${shown(path)} is not UTF-8`);
  }
}

function variablesOf(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`--variables is not JSON: ${shown(text)}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UsageError("--variables must be a JSON object");
}

function print(console: Console, answer: unknown): void {
  console.out(`${JSON.stringify(answer)}\n`);
}
