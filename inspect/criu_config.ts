import { tryReadText } from "../ffi/files.ts";
import type { Sys } from "../ffi/sys.ts";
import type { GivenCriuOption } from "./plan.ts";

/** No config file of criu is larger. */
const LIMIT = 1024 * 1024;
/** Where every criu looks first (criu(8), "CONFIGURATION FILES"). */
const GLOBAL = "/etc/criu/default.conf";

/** A config file that criu would read, and its options. */
export interface CriuConfig {
  readonly path: string;
  readonly options: readonly GivenCriuOption[];
}

/**
 * Parses a config file of criu: an option a line without its dashes, its argument after blanks and in double quotes
 * where it has to be, `#` begins a comment (parse_statement in criu/config.c).
 */
export function parseCriuConfig(text: string, from: string): GivenCriuOption[] {
  return text.split("\n").flatMap((line) => {
    const found = /^\s*([^\s#]+)(?:[ \t]+(.*))?$/.exec(line);
    if (!found) return [];
    return [{ name: found[1]!.replace(/#.*$/, ""), value: argument(found[2] ?? ""), from }];
  });
}

function argument(text: string): string | null {
  const rest = text.trimStart();
  if (rest === "" || rest.startsWith("#")) return null;
  if (rest.startsWith('"')) {
    const end = /(?<!\\)"/.exec(rest.slice(1))?.index;
    return rest.slice(1, end === undefined ? undefined : end + 1).replaceAll('\\"', '"');
  }
  return rest.replace(/[\s#].*$/, "");
}

/** The config files that apply to whatever criu a caller with this environment starts, in criu's order. */
export function defaultConfigs(sys: Sys): CriuConfig[] {
  const home = sys.libc.getenv("HOME");
  return [GLOBAL, home && `${home}/.criu/default.conf`, sys.libc.getenv("CRIU_CONFIG_FILE")].flatMap((path) =>
    path ? readConfig(sys, path) ?? [] : []
  );
}

/** A config file; undefined where there is none that can be read: criu then goes on without it. */
export function readConfig(sys: Sys, path: string): CriuConfig | undefined {
  const text = tryReadText(sys, path, LIMIT);
  return text === undefined ? undefined : { path, options: parseCriuConfig(text, path) };
}
