import type { Libc } from "../ffi/libc.ts";
import { type CommandOption, COMMANDS } from "./commands.ts";
import { bash } from "./completion/bash.ts";
import { type Completed, completed } from "./completion/completed.ts";
import { fish } from "./completion/fish.ts";
import { zsh } from "./completion/zsh.ts";
import { Console } from "./console.ts";
import { getopt } from "./getopt.ts";
import { optionLines } from "./help.ts";
import { shown, UsageError } from "./usage.ts";

const SHELLS: Readonly<Record<string, (commands: readonly Completed[]) => string>> = { bash, zsh, fish };

export const WORDS: readonly string[] = Object.keys(SHELLS);
export const OPTIONS: readonly CommandOption[] = [
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** `cready completion --help`. */
export function help(): string {
  return `Usage: cready completion bash | zsh | fish

Prints what a shell needs to complete cready's command lines. The packages bring it; otherwise:

  bash   eval "$(cready completion bash)"    in ~/.bashrc
  zsh    cready completion zsh > FOLDER/_cready    for a folder of $fpath
  fish   cready completion fish > ~/.config/fish/completions/cready.fish

Options:
${optionLines(OPTIONS)}`;
}

/** Runs `cready completion`; returns its exit code. Throws `UsageError`. */
export async function run(args: readonly string[], libc: Libc): Promise<number> {
  const { options, words } = getopt(args, OPTIONS);
  const console = new Console(libc);
  if (options.length > 0) return console.out(help()), 0;
  const [, name, ...more] = words;
  const shell = name === undefined ? undefined : SHELLS[name];
  if (more.length > 0 || name === undefined) throw new UsageError("completion takes one of bash, zsh, fish");
  if (!shell) throw new UsageError(`there are completions for bash, zsh and fish, not for ${shown(name)}`);
  console.out(shell(await completed(COMMANDS)));
  return 0;
}
