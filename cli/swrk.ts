import { seqpacketFault } from "../ffi/seqpacket.ts";
import type { Libc } from "../ffi/libc.ts";
import { Sys } from "../ffi/sys.ts";
import { logLine } from "../report/text.ts";
import { serveOne } from "../rpc/swrk.ts";
import type { CommandOption } from "./commands.ts";
import { Console } from "./console.ts";
import { getopt } from "./getopt.ts";
import { optionLines } from "./help.ts";
import { shown, UsageError } from "./usage.ts";

export const OPTIONS: readonly CommandOption[] = [
  {
    name: "criu",
    argument: "required",
    value: "PATH",
    help: "the criu whose version is told; default the first in PATH",
  },
  { name: "no-autoload", argument: "none", help: "ask nothing that would make the kernel load a module" },
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** `cready swrk --help`. */
export function help(): string {
  return `Usage: cready swrk FD

For programs, not for people: CRIU's client libraries start \`PROGRAM swrk FD\`, where FD is their end of a
SOCK_SEQPACKET socketpair, and ask it by CRIU's RPC. Answers as \`cready service\` does, one client, then ends.

Options:
${optionLines(OPTIONS)}
Exit codes: 0 all requests were answered, 1 there was none, or FD is no such socket, 2 asked wrongly.
`;
}

/** Runs `cready swrk`; returns its exit code. Throws `UsageError`. */
export function run(args: readonly string[], libc: Libc): number {
  const { options, words } = getopt(args, OPTIONS);
  const console = new Console(libc);
  let criu: string | null = null, noAutoload = false;
  for (const { name, value } of options) {
    if (name === "help") return console.out(help()), 0;
    else if (name === "criu") criu = value!;
    else if (name === "no-autoload") noAutoload = true;
  }
  if (words.length !== 2) throw new UsageError("swrk takes the number of a descriptor");
  const fd = Number(words[1]);
  if (!/^\d{1,7}$/.test(words[1]!)) throw new UsageError(`${shown(words[1]!)} is no descriptor's number`);
  const wrong = seqpacketFault(new Sys(libc, []), fd);
  const fault = wrong === null ? serveOne(libc, fd, { criu, noAutoload }) : `descriptor ${fd} ${wrong}`;
  if (fault === null) return 0;
  console.log(logLine(1, "swrk", fault));
  return 1;
}
