import type { Libc } from "../ffi/libc.ts";
import { SDL } from "../schema/text.ts";
import type { CommandOption } from "./commands.ts";
import { Console } from "./console.ts";
import { getopt } from "./getopt.ts";
import { optionLines } from "./help.ts";
import { UsageError } from "./usage.ts";

export const OPTIONS: readonly CommandOption[] = [
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** `cready schema --help`. */
export function help(): string {
  return `Usage: cready schema

Prints the GraphQL schema of cready query and cready serve, in the schema definition language.

Options:
${optionLines(OPTIONS)}`;
}

/** Runs `cready schema`; returns its exit code. Throws `UsageError`. */
export function run(args: readonly string[], libc: Libc): number {
  const { options, words } = getopt(args, OPTIONS);
  if (words.length > 1) throw new UsageError("schema takes no words");
  new Console(libc).out(options.length > 0 ? help() : SDL);
  return 0;
}
