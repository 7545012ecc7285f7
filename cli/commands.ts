/** One subcommand, as help lists it. */
export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
}

/** The subcommands, in the order in which help lists them. */
export const COMMANDS: readonly Command[] = [
  { name: "check", usage: "check [options]", summary: "asks the kernel for what CRIU needs; drop-in for `criu check`" },
  {
    name: "explain",
    usage: "explain NAME…",
    summary: "says all about a check, a feature or a kernel option, asked here",
  },
];
