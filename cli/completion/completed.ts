import type { Command, CommandOption } from "../commands.ts";

/** What may stand at a place: one of some words, a file, a folder, a process, or what cannot be offered. */
export type Place =
  | { readonly kind: "words"; readonly words: readonly string[]; /** Several, with commas. */ readonly list: boolean }
  | { readonly kind: "file" | "folder" | "pid" | "other" };

/** An option as completions see it. */
export interface CompletedOption {
  readonly long: string;
  readonly short: string | undefined;
  readonly help: string;
  readonly argument: CommandOption["argument"];
  readonly value: string;
  readonly place: Place;
}

/** A command as completions see it. */
export interface Completed {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  /** The words behind the command. */
  readonly place: Place;
}

/** The options that need no command. */
export const GLOBAL_OPTIONS: readonly { readonly long: string; readonly short: string; readonly help: string }[] = [
  { long: "help", short: "h", help: "show help" },
  { long: "version", short: "V", help: "show the version" },
];

/** Reads the tables of all commands. */
export function completed(commands: readonly Command[]): Promise<Completed[]> {
  return Promise.all(commands.map(async ({ name, usage, summary, load }) => {
    const { OPTIONS, WORDS } = await load();
    return {
      name,
      summary,
      options: OPTIONS.map((option) => ({
        long: option.name,
        short: option.short,
        help: option.help,
        argument: option.argument,
        value: option.value ?? "",
        place: option.values
          ? { kind: "words" as const, words: option.values, list: option.value?.includes(",") ?? false }
          : named(option.value ?? ""),
      })),
      place: WORDS ? { kind: "words", words: WORDS, list: false } : named(usage.replace(/^\S+/, "")),
    };
  }));
}

/** What a placeholder in a usage line or of an option stands for. */
function named(placeholder: string): Place {
  if (/\bPID\b/.test(placeholder)) return { kind: "pid" };
  if (/\b(FILE|PATH|LOG|IMAGES|REPORT)\b/.test(placeholder)) return { kind: "file" };
  return /\b(DIR|FOLDER)\b/.test(placeholder) ? { kind: "folder" } : { kind: "other" };
}
