import { CRIU_NAMES } from "../probes/names.ts";
import { CRIU_VERSION, VERSION } from "../version.ts";
import { CHECK_OPTIONS } from "./check_options.ts";
import { type CommandOption, COMMANDS } from "./commands.ts";

const WIDTH = 100;

/** `cready --version`. */
export function versionLine(): string {
  return `cready ${VERSION} (answers as criu check ${CRIU_VERSION})\n`;
}

/** What is printed when no command is given. */
export function shortHelp(): string {
  return "cready: can this machine be checkpointed and restored by CRIU, and if not, why?\n\n" +
    "Usage:\n" + COMMANDS.map(({ usage }) => `  cready ${usage}\n`).join("") +
    "\nTry cready --help for more.\n";
}

/** `cready --help`: every command, and all of check's options. */
export function help(): string {
  return "cready: can this machine be checkpointed and restored by CRIU, and if not, why?\n\n" +
    "Usage:\n" + COMMANDS.map(({ usage }) => `  cready ${usage}\n`).join("") +
    "\nCommands:\n" + COMMANDS.map(({ name, summary }) => entry(name, summary)).join("") +
    "\n" + checkOptions() +
    "\nOther options of criu are accepted and ignored, so that its command lines can be used unchanged.\n" +
    exitCodes();
}

/** `cready check --help`. */
export function checkHelp(): string {
  return "Usage: cready check [options]\n\n" +
    "Asks the running kernel for what CRIU needs, with the rights of this process. Without options it asks for\n" +
    "category 1: what every dump and restore needs.\n\n" + checkOptions() + exitCodes();
}

function exitCodes(): string {
  return "\nExit codes of check: 0 all that was asked for is there, 1 it is not, or could not be told, or was asked wrongly.\n";
}

function checkOptions(): string {
  return "Check options:\n" + optionLines(CHECK_OPTIONS) +
    "\nFeatures:\n" + wrap(CRIU_NAMES.join(", "), "  ");
}

/** The options of a command, one entry each. */
export function optionLines(options: readonly CommandOption[]): string {
  return options.map(({ name, short, value, argument, help }) => {
    const long = `--${name}${value ? (argument === "optional" ? `[=${value.slice(1)}` : ` ${value}`) : ""}`;
    return entry(short ? `-${short}, ${long}` : `    ${long}`, help);
  }).join("");
}

/** A term and its sentence in two columns. */
export function entry(term: string, text: string): string {
  const column = 34;
  const body = wrap(text, " ".repeat(column));
  return term.length + 3 > column ? `  ${term}\n${body}` : `  ${term}`.padEnd(column) + body.trimStart();
}

function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.length + word.length > WIDTH && line !== indent) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join("\n") + "\n";
}
