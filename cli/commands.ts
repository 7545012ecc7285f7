import type { Libc } from "../ffi/libc.ts";
import type { OptionSpec } from "./getopt.ts";

/** One option, with the sentence by which help, manual page and completions describe it. */
export interface CommandOption extends OptionSpec {
  /** One clause without a full stop. */
  readonly help: string;
  /** What its argument is called, such as `FILE`. */
  readonly value?: string;
  /** The arguments that there are, where they can be listed; completions offer them. */
  readonly values?: readonly string[];
}

/** What the file of a command exports: `cli/NAME.ts`. */
export interface CommandModule {
  /** Runs one command line, whose first word is the command; returns the exit code. Throws `UsageError`. */
  run(args: readonly string[], libc: Libc): number | Promise<number>;
  readonly OPTIONS: readonly CommandOption[];
  /** The words behind the command, where they can be listed; completions offer them. */
  readonly WORDS?: readonly string[];
  /** `cready NAME --help`. */
  help(): string;
}

/** One subcommand, as help lists it. */
export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** Its code, loaded when it is asked for. */
  load(): Promise<CommandModule>;
}

/** The subcommands, in the order in which help lists them. */
export const COMMANDS: readonly Command[] = [
  {
    name: "check",
    usage: "check [options]",
    summary: "asks the kernel for what CRIU needs; drop-in for `criu check`",
    load: () => import("./check.ts"),
  },
  {
    name: "explain",
    usage: "explain NAME…",
    summary: "says all about a check, a feature or a kernel option, asked here",
    load: () => import("./explain.ts"),
  },
  {
    name: "inspect",
    usage: "inspect PID…",
    summary: "says whether a process tree can be dumped, with which options, and what restore would make of it",
    load: () => import("./inspect.ts"),
  },
  {
    name: "why",
    usage: "why [options] LOG",
    summary: "tells from a log of criu, or an engine's text, why a dump or restore failed",
    load: () => import("./why.ts"),
  },
  {
    name: "report",
    usage: "report [options]",
    summary: "prints all about this machine that decides about a restore, as JSON",
    load: () => import("./report.ts"),
  },
  {
    name: "compare",
    usage: "compare SOURCE.json [TARGET.json]",
    summary: "says whether dumps of one machine can be restored on another, or here",
    load: () => import("./compare.ts"),
  },
  {
    name: "export",
    usage: "export nfd|prometheus [options]",
    summary: "says what report finds for Node Feature Discovery or Prometheus",
    load: () => import("./export.ts"),
  },
  {
    name: "query",
    usage: "query [options] QUERY | -f FILE | -",
    summary: "answers a GraphQL query on this machine, or asks a running cready serve",
    load: () => import("./query.ts"),
  },
  {
    name: "serve",
    usage: "serve [options]",
    summary: "answers GraphQL queries and subscriptions on a Unix socket, or on a port of this machine",
    load: () => import("./serve.ts"),
  },
  {
    name: "schema",
    usage: "schema",
    summary: "prints the GraphQL schema",
    load: () => import("./schema.ts"),
  },
  {
    name: "doctor",
    usage: "doctor [options]",
    summary: "asks the installed criu as container engines do, and says what they would make of its answers",
    load: () => import("./doctor.ts"),
  },
  {
    name: "service",
    usage: "service [options]",
    summary: "answers the checks of CRIU's RPC on a socket",
    load: () => import("./service.ts"),
  },
  {
    name: "swrk",
    usage: "swrk FD",
    summary: "answers the checks of CRIU's RPC to the program that started it",
    load: () => import("./swrk.ts"),
  },
  {
    name: "completion",
    usage: "completion bash | zsh | fish",
    summary: "prints the completions of a shell",
    load: () => import("./completion.ts"),
  },
];

/** What cready runs of itself and nobody else needs to: in no list, no manual page, no completion. */
export const INTERNAL: readonly {
  readonly name: string;
  load(): Promise<Pick<CommandModule, "run">>;
}[] = [
  { name: "keeper", load: () => import("./keeper.ts") },
  { name: "prober", load: () => import("./prober.ts") },
];
