import { SysError } from "../ffi/errno.ts";
import type { Libc } from "../ffi/libc.ts";
import { writeAll } from "../ffi/out.ts";
import { logLine } from "../report/text.ts";
import { run as check } from "./check.ts";
import { checkWords } from "./check_options.ts";
import { COMMANDS, INTERNAL } from "./commands.ts";
import { help, shortHelp, versionLine } from "./help.ts";
import { shown, UsageError } from "./usage.ts";

const STDERR = 2;
const USAGE = 2;

/** Runs one command line; returns the exit code. Never throws. */
export async function run(args: readonly string[], libc: Libc): Promise<number> {
  const name = commandName(args);
  try {
    return await dispatch(name, args, libc);
  } catch (error) {
    if (error instanceof UsageError) {
      complain(libc, logLine(1, known(name) ? name : "cready", error.message).text);
      return name === undefined || name === "check" ? 1 : USAGE;
    }
    if (error instanceof SysError && error.call === "write()") {
      // A reader that went away needs no word; a full disk does.
      if (error.code !== "EPIPE") complain(libc, logLine(1, "cready", `Cannot write the answer: ${error.code}`).text);
      return 1;
    }
    const text = error instanceof Error ? error.message : String(error);
    complain(libc, logLine(1, "cready", `cready itself failed: ${text}`).text);
    return 1;
  }
}

async function dispatch(name: string | undefined, args: readonly string[], libc: Libc): Promise<number> {
  if (name === "check") return await check(args, libc); // it is in the first chunk, since nearly every run wants it
  const command = [...COMMANDS, ...INTERNAL].find((one) => one.name === name);
  if (command) return await (await command.load()).run(args, libc);
  if (name !== undefined) {
    const names = COMMANDS.map((command) => command.name).join(", ");
    throw new UsageError(`unknown command: ${shown(name)}; there is ${names}`);
  }
  const { options } = checkWords(args);
  if (options.some((option) => option.name === "version")) return print(libc, versionLine(), 0);
  if (options.some((option) => option.name === "help")) return print(libc, help(), 0);
  // As in criu these two need no command word: they end the run as soon as they are read.
  if (options.some(({ name, value }) => name === "ms" || (name === "feature" && value === "list"))) {
    return await check(args, libc);
  }
  if (options.length > 0) throw new UsageError("command is required");
  return print(libc, shortHelp(), USAGE);
}

function known(name: string | undefined): name is string {
  return COMMANDS.some((command) => command.name === name);
}

/** The first word that is no option and no option's argument; undefined where there is none. */
function commandName(args: readonly string[]): string | undefined {
  // The first word decides alone in nearly every call; an option before it needs the table.
  if (args[0] !== undefined && !args[0].startsWith("-")) return args[0];
  try {
    return checkWords(args).words[0];
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function print(libc: Libc, text: string, code: number): number {
  writeAll(libc, 1, text);
  return code;
}

/** Says one sentence on stderr; there is nobody to tell when that fails. */
function complain(libc: Libc, text: string): void {
  try {
    writeAll(libc, STDERR, `${text}\n`);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}
