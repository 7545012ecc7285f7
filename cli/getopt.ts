import { shown, UsageError } from "./usage.ts";

/** One long option: whether it takes an argument, and its short letter if it has one. */
export interface OptionSpec {
  readonly name: string;
  readonly argument: "none" | "required" | "optional";
  readonly short?: string;
}

/** One option as it was given. */
export interface GivenOption {
  readonly name: string;
  readonly value: string | undefined;
}

/** The words of a command line, sorted. */
export interface ParsedWords {
  readonly options: readonly GivenOption[];
  readonly words: readonly string[];
}

/**
 * Sorts a command line as getopt_long(3) does: options may stand before and after words, long ones may be
 * cut to an unambiguous beginning, `--` ends them. Faults have getopt's own sentences. `more` gives options that are
 * looked at only for a word that names none of `specs` in full.
 */
export function getopt(args: readonly string[], specs: readonly OptionSpec[], more = none): ParsedWords {
  const options: GivenOption[] = [];
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") {
      words.push(...args.slice(i + 1));
      break;
    }
    if (arg.startsWith("--")) {
      const [name, attached] = splitAtEquals(arg.slice(2));
      const spec = findLong(name, specs, more);
      let value = attached;
      if (spec.argument === "none" && attached !== undefined) {
        throw new UsageError(`option '--${spec.name}' doesn't allow an argument`);
      }
      if (spec.argument === "required" && value === undefined) {
        if (i + 1 >= args.length) throw new UsageError(`option '--${spec.name}' requires an argument`);
        value = args[++i];
      }
      options.push({ name: spec.name, value });
    } else if (arg.startsWith("-") && arg.length > 1) {
      for (let at = 1; at < arg.length; at++) {
        const letter = arg[at]!;
        const spec = specs.find((one) => one.short === letter) ?? more().find((one) => one.short === letter);
        if (!spec) throw new UsageError(`invalid option -- '${shown(letter)}'`);
        if (spec.argument === "none") {
          options.push({ name: spec.name, value: undefined });
          continue;
        }
        let value: string | undefined = at + 1 < arg.length ? arg.slice(at + 1) : undefined;
        if (value === undefined && spec.argument === "required") {
          if (i + 1 >= args.length) throw new UsageError(`option requires an argument -- '${letter}'`);
          value = args[++i];
        }
        options.push({ name: spec.name, value });
        break;
      }
    } else words.push(arg);
  }
  return { options, words };
}

function splitAtEquals(text: string): [string, string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function none(): readonly OptionSpec[] {
  return [];
}

function findLong(name: string, specs: readonly OptionSpec[], more: typeof none): OptionSpec {
  const exact = specs.find((spec) => spec.name === name) ?? more().find((spec) => spec.name === name);
  if (exact) return exact;
  const begun = name === "" ? [] : [...specs, ...more()].filter((spec) => spec.name.startsWith(name));
  if (begun.length === 1) return begun[0]!;
  if (begun.length === 0) throw new UsageError(`unrecognized option '--${shown(name)}'`);
  const list = begun.map((spec) => `'--${spec.name}'`).join(" ");
  throw new UsageError(`option '--${shown(name)}' is ambiguous; possibilities: ${list}`);
}
