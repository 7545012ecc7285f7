import { parseOption } from "../inspect/options.ts";
import { type Engine, ENGINES, type GivenCriuOption } from "../inspect/plan.ts";
import type { CommandOption } from "./commands.ts";
import { getopt } from "./getopt.ts";
import { shown, UsageError } from "./usage.ts";

export const INSPECT_OPTIONS: readonly CommandOption[] = [
  { name: "name", argument: "required", value: "NAME", help: "inspect the trees of the processes with this name" },
  { name: "cgroup", argument: "required", value: "PATH", help: "inspect the tree in this cgroup, such as a container" },
  { name: "all", argument: "none", help: "inspect every tree of this host: one row each, worst first, and a sum" },
  {
    name: "with",
    argument: "required",
    value: "OPTIONS",
    help: "options that criu, or the engine, is given anyway, such as --with '--tcp-close'",
  },
  {
    name: "engine",
    argument: "required",
    value: "NAME",
    help: "judge as this one would make the dump: criu, runc, crun, podman, cri-o or containerd",
  },
  { name: "engine-root", argument: "required", value: "DIR", help: "where runc or crun keeps its containers" },
  { name: "pre-dump", argument: "none", help: "judge criu pre-dump, which copies memory alone" },
  { name: "lazy-pages", argument: "none", help: "judge a dump whose pages are fetched after restore" },
  { name: "leave-running", argument: "none", help: "judge a dump after which the tree goes on running" },
  { name: "criu", argument: "required", value: "FILE", help: "judge for this criu instead of the one in PATH" },
  { name: "stop", argument: "none", help: "stop each task for a moment and see what else cannot be seen" },
  {
    name: "json",
    argument: "none",
    help: "print data.process.inspection of schema/inspection.graphql, a line for each tree",
  },
  { name: "quiet", short: "q", argument: "none", help: "print nothing: the exit code says it" },
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** What one run of `cready inspect` was asked for. */
export interface InspectRequest {
  readonly pids: readonly number[];
  readonly names: readonly string[];
  readonly cgroups: readonly string[];
  readonly all: boolean;
  readonly engine: Engine;
  readonly engineRoot?: string;
  readonly with: readonly GivenCriuOption[];
  readonly preDump: boolean;
  readonly lazyPages: boolean;
  readonly leaveRunning: boolean;
  readonly criu: string | null;
  readonly stop: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** The largest pid that Linux can be set to (PID_MAX_LIMIT). */
const PID_MAX = 4_194_304;

/** Parses the command line. Throws `UsageError`. */
export function parseInspect(args: readonly string[]): InspectRequest | "help" {
  const { options, words } = getopt(args, INSPECT_OPTIONS);
  const has = (name: string) => options.some((option) => option.name === name);
  const all = (name: string) => options.flatMap((option) => (option.name === name ? [option.value!] : []));
  if (has("help")) return "help";
  const pids = words.slice(1).map(pidOf);
  const names = all("name"), cgroups = all("cgroup");
  const subjects = [pids.length > 0, names.length > 0, cgroups.length > 0].some(Boolean);
  if (has("all") && subjects) throw new UsageError("--all inspects every tree: no other process can be named with it");
  if (!subjects && !has("all")) {
    throw new UsageError("inspect takes the pid of at least one process, --name, --cgroup or --all");
  }
  const engineRoot = all("engine-root").at(-1);
  return {
    pids,
    names,
    cgroups,
    all: has("all"),
    engine: engineOf(all("engine").at(-1)),
    ...(engineRoot === undefined ? {} : { engineRoot }),
    with: all("with").flatMap(ownOptions),
    preDump: has("pre-dump"),
    lazyPages: has("lazy-pages"),
    leaveRunning: has("leave-running"),
    criu: all("criu").at(-1) ?? null,
    stop: has("stop"),
    json: has("json"),
    quiet: has("quiet"),
  };
}

function pidOf(word: string): number {
  const pid = /^\d{1,10}$/.test(word) ? Number(word) : 0;
  if (pid < 1 || pid > PID_MAX) throw new UsageError(`${shown(word)} is no pid: it is a number from 1 to ${PID_MAX}`);
  return pid;
}

function engineOf(word: string | undefined): Engine {
  if (word === undefined) return "CRIU";
  const wanted = word.toUpperCase().replace("-", "");
  const engine = ENGINES.find((one) => one === wanted);
  if (!engine) {
    throw new UsageError(`${shown(word)} is no engine; there is criu, runc, crun, podman, cri-o, containerd`);
  }
  return engine;
}

/** Takes a text of options apart as a shell would; criu's short forms are none of ours. */
function ownOptions(text: string): GivenCriuOption[] {
  const given: GivenCriuOption[] = [];
  const words = shellWords(text);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith("--")) {
      throw new UsageError(`--with takes options of criu such as --tcp-close, not ${shown(word)}`);
    }
    let option: Omit<GivenCriuOption, "from">;
    try {
      option = parseOption(word);
    } catch {
      throw new UsageError(`--with takes options of criu such as --tcp-close, not ${shown(word)}`);
    }
    // An option's argument may be a word of its own.
    if (option.value === null && i + 1 < words.length && !words[i + 1]!.startsWith("--")) {
      option = { ...option, value: words[++i]! };
    }
    given.push({ ...option, from: "command line" });
  }
  return given;
}

function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === "'" || char === '"') {
      const end = text.indexOf(char, at + 1);
      if (end < 0) throw new UsageError(`--with has a quote without an end: ${shown(text)}`);
      word = (word ?? "") + text.slice(at + 1, end);
      at = end;
    } else if (char === "\\" && at + 1 < text.length) word = (word ?? "") + text[++at]!;
    else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}
