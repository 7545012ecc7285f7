import { SysError } from "../ffi/errno.ts";
import type { Libc } from "../ffi/libc.ts";
import { writeAll } from "../ffi/out.ts";
import { SignalFd } from "../ffi/signals.ts";
import { Sys } from "../ffi/sys.ts";
import { logLine } from "../report/text.ts";
import { Endpoint, EndpointError } from "../rpc/endpoint.ts";
import type { Entry } from "../rpc/exchange.ts";
import { serve } from "../rpc/service.ts";
import type { CommandOption } from "./commands.ts";
import { Console } from "./console.ts";
import { getopt } from "./getopt.ts";
import { optionLines } from "./help.ts";
import { shown, UsageError } from "./usage.ts";

const STDERR = 2;
const ADDRESS = "/run/cready/criu.sock";
const MODE = 0o600;

export const OPTIONS: readonly CommandOption[] = [
  { name: "address", argument: "required", value: "PATH", help: `the socket's path; default ${ADDRESS}` },
  {
    name: "mode",
    argument: "required",
    value: "OCTAL",
    help: "the socket's permissions; default 0600, only this user. 0666 lets every user ask",
  },
  {
    name: "criu",
    argument: "required",
    value: "PATH",
    help: "the criu whose version is told; default the first in PATH",
  },
  { name: "no-autoload", argument: "none", help: "ask nothing that would make the kernel load a module" },
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** `cready service --help`. */
export function help(): string {
  return `Usage: cready service [options]

Answers the checks of CRIU's RPC (CHECK, FEATURE_CHECK, VERSION) on a SOCK_SEQPACKET socket, with what cready finds out
when it is asked; all other requests are refused. Every client may be one of CRIU's: libcriu, pycriu, go-criu. Each
request is one line of JSON on stderr. Ends with SIGTERM, SIGINT or SIGHUP, and takes its socket away.

Options:
${optionLines(OPTIONS)}
Exit codes: 0 ended by a signal, 1 the socket cannot be had, 2 asked wrongly.
`;
}

/** Runs `cready service` until a signal ends it; returns its exit code. Throws `UsageError`. */
export async function run(args: readonly string[], libc: Libc): Promise<number> {
  const { options, words } = getopt(args, OPTIONS);
  let address = ADDRESS, mode = MODE, criu: string | null = null, noAutoload = false;
  for (const { name, value } of options) {
    if (name === "help") return new Console(libc).out(help()), 0;
    else if (name === "address") address = value!;
    else if (name === "mode") mode = modeOf(value!);
    else if (name === "criu") criu = value!;
    else if (name === "no-autoload") noAutoload = true;
  }
  if (words.length > 1) throw new UsageError(`service takes no ${shown(words[1]!)}`);
  if (address === "") throw new UsageError("--address takes a path");
  try {
    const sys = new Sys(libc, []);
    // From here on a signal ends it in order: before there is a socket that would be left behind.
    using signals = new SignalFd(sys, ["SIGTERM", "SIGINT", "SIGHUP"]);
    using endpoint = Endpoint.open(sys, address, mode);
    tell(libc, { event: "listening", address, mode: mode.toString(8).padStart(4, "0") });
    const signal = await serve(libc, endpoint, signals, { criu, noAutoload }, (entry) => tell(libc, line(entry)));
    tell(libc, { event: "ended", signal });
    return 0;
  } catch (error) {
    if (!(error instanceof EndpointError)) throw error;
    new Console(libc).log(logLine(1, "service", `Cannot listen at ${shown(address)}: ${error.message}`));
    return 1;
  }
}

function modeOf(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new UsageError(`invalid argument for --mode: ${shown(text)}`);
  return parseInt(text, 8);
}

function line({ peer: { pid, uid, gid }, request, success, message }: Entry): Record<string, unknown> {
  return { event: success === null ? "dropped" : "answered", pid, uid, gid, request, success, message };
}

/** A log that nobody reads any more, or a full disk, ends no service. */
function tell(libc: Libc, event: Record<string, unknown>): void {
  try {
    writeAll(libc, STDERR, `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}
