import { CRIU_NAMES } from "../probes/names.ts";
import type { Scope } from "../probes/scope.ts";
import type { CommandOption } from "./commands.ts";
import { ignoredOptions } from "./criu_options.ts";
import { getopt, type ParsedWords } from "./getopt.ts";
import { shown, UsageError } from "./usage.ts";

/** What the report is written as. */
export type Format = "text" | "json" | "ndjson" | "table";

/** What one `cready check` was asked for. */
export interface CheckRequest {
  readonly scope: Scope;
  /** The names given to --feature; null when categories are asked for. */
  readonly features: readonly string[] | null;
  readonly format: Format;
  /** Reasons with cause, effect and mend; null: on a terminal only. */
  readonly remedies: boolean | null;
  /** 1 errors, 2 warnings, 3 information, 4 everything. */
  readonly verbosity: number;
  /** Where log lines go instead of stderr; `-` is stdout. */
  readonly logFile: string | null;
  /** The folder that becomes the current one, as criu's -W and -D. */
  readonly workFolder: string | null;
  /** An installed criu to be asked beside ours. */
  readonly criu: string | null;
  readonly quiet: boolean;
  readonly noAutoload: boolean;
  /** After so many seconds nothing more is asked; null for no limit. */
  readonly timeoutSeconds: number | null;
}

/** The options of `check`, and the sentence with which help describes each. */
export const CHECK_OPTIONS: readonly CommandOption[] = [
  { name: "extra", argument: "none", help: "also check category 2: features that some process trees need" },
  { name: "experimental", argument: "none", help: "also check category 3: experimental features" },
  { name: "all", argument: "none", help: "same as --extra --experimental" },
  { name: "no-extra", argument: "none", help: "take an earlier --extra or --all back" },
  { name: "no-experimental", argument: "none", help: "take an earlier --experimental or --all back" },
  {
    name: "feature",
    argument: "required",
    value: "NAME[,NAME…]",
    values: ["list", ...CRIU_NAMES],
    help: "only check these features; `list` prints the names. Given several times, the last one counts",
  },
  { name: "remedies", argument: "none", help: "under each warning: cause, effect and what mends it, also in a pipe" },
  { name: "table", argument: "none", help: "one row for every check: name, category, verdict, reason" },
  { name: "json", argument: "none", help: "the whole report as one JSON document" },
  { name: "ndjson", argument: "none", help: "one finding a line, as JSON, each as it is made" },
  {
    name: "criu",
    argument: "required",
    value: "PATH",
    help: "ask the criu at PATH too, and say where and why it differs",
  },
  { name: "no-autoload", argument: "none", help: "ask nothing that would make the kernel load a module" },
  {
    name: "unprivileged",
    argument: "none",
    help: "accepted for criu's sake: cready always works with the rights it has",
  },
  { name: "timeout", argument: "required", value: "SECONDS", help: "stop asking after so long" },
  { name: "quiet", argument: "none", help: "print nothing; the exit code tells" },
  {
    name: "verbosity",
    short: "v",
    argument: "optional",
    value: "[NUM]",
    help: "-v1 hides warnings, -v3 shows each call; default 2",
  },
  {
    name: "log-file",
    short: "o",
    argument: "required",
    value: "FILE",
    help: "write warnings and errors to FILE; - is stdout",
  },
  { name: "work-dir", short: "W", argument: "required", value: "DIR", help: "folder for the log file" },
  {
    name: "images-dir",
    short: "D",
    argument: "required",
    value: "DIR",
    help: "the same, where no --work-dir is given",
  },
  { name: "ms", argument: "none", help: "deprecated, an error as in criu" },
  { name: "help", short: "h", argument: "none", help: "show this text" },
  { name: "version", short: "V", argument: "none", help: "show the version" },
];

/** The words of a command line of `check`, whose options criu's others are too. Throws `UsageError`. */
export function checkWords(args: readonly string[]): ParsedWords {
  return getopt(args, CHECK_OPTIONS, ignoredOptions);
}

/** A request, or one of the three things that end the run before anything is asked. */
export type CheckCommand = CheckRequest | "help" | "version" | "list";

/** Reads a `check` command line; `words` starts with `check`. Throws `UsageError`. */
export async function parseCheck(args: readonly string[]): Promise<CheckCommand> {
  const { options, words } = checkWords(args);
  let extra = false, experimental = false, quiet = false, noAutoload = false;
  let verbosity = 2;
  let remedies: boolean | null = null;
  let format: Format = "text";
  let feature: string | null = null;
  let logFile: string | null = null, workFolder: string | null = null, imagesFolder: string | null = null;
  let timeoutSeconds: number | null = null;
  let criu: string | null = null;
  for (const { name, value } of options) {
    if (name === "help" || name === "version") return name;
    else if (name === "ms") throw new UsageError('--ms is deprecated; see "Check options" of cready --help');
    else if (name === "extra") extra = true;
    else if (name === "experimental") experimental = true;
    else if (name === "all") extra = experimental = true;
    else if (name === "no-extra") extra = false;
    else if (name === "no-experimental") experimental = false;
    else if (name === "feature") {
      // As in the patch of 2016: the list is printed at once, whatever else is on the command line.
      if (value === "list") return "list";
      // As in criu each one must exist, though only the last one counts.
      const { probeNamed } = await import("./features.ts");
      for (const one of value!.split(",")) await probeNamed(one);
      feature = value!;
    } else if (name === "remedies") remedies = true;
    else if (name === "table" || name === "json" || name === "ndjson") format = name;
    else if (name === "no-autoload") noAutoload = true;
    else if (name === "criu") criu = value!;
    else if (name === "quiet") quiet = true;
    else if (name === "timeout") timeoutSeconds = seconds(value!);
    else if (name === "verbosity") verbosity = louder(verbosity, value);
    else if (name === "log-file") logFile = value!;
    else if (name === "work-dir") workFolder = value!;
    else if (name === "images-dir") imagesFolder = value!;
  }
  if (words.length > 1) throw new UsageError(`excessive parameter${words.length > 2 ? "s" : ""} for command check`);
  const scope = extra ? (experimental ? "ALL" : "EXTRA") : experimental ? "EXPERIMENTAL" : "REQUIRED";
  return {
    scope,
    features: feature === null ? null : feature.split(","),
    format,
    remedies,
    verbosity,
    logFile,
    workFolder: workFolder ?? imagesFolder,
    criu,
    quiet,
    noAutoload,
    timeoutSeconds,
  };
}

/** criu's rule: -v adds one, -vv two, -v4 and --verbosity=4 set the level. */
function louder(level: number, value: string | undefined): number {
  if (value === undefined) return level + 1;
  if (/^v+$/.test(value)) return level + 1 + value.length;
  if (/^\d{1,4}$/.test(value)) return Number(value);
  throw new UsageError(`invalid argument for --verbosity: ${shown(value)}`);
}

function seconds(value: string): number {
  const number = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || number > 86400) {
    throw new UsageError(`invalid argument for --timeout: ${shown(value)}`);
  }
  return number;
}
