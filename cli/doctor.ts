import type { Libc } from "../ffi/libc.ts";
import { diagnose, isWell } from "../rpc/doctor.ts";
import { diagnosisJson } from "../rpc/doctor_json.ts";
import { diagnosisText } from "../rpc/doctor_text.ts";
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
    help: "ask this criu; default the first in PATH, where engines look",
  },
  { name: "json", argument: "none", help: "one JSON document; schema/json/doctor.json describes it" },
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** `cready doctor --help`. */
export function help(): string {
  return `Usage: cready doctor [options]

Asks the installed criu as go-criu, libcriu, pycriu and lxc do, shows its answers beside cready's own probes, and what
runc, crun, podman, CRI-O, containerd and lxc would conclude from them; known breaks of this criu on this kernel; the
configuration files and plugins that change every dump. It runs criu, which does what criu does (it may write
/run/criu.kdat and load modules); each call is given 10 seconds.

Options:
${optionLines(OPTIONS)}
Exit codes: 0 criu answers, agrees with cready, and the engines installed here would go on; 1 something is to be
looked at, or there is no criu; 2 asked wrongly.
`;
}

/** Runs `cready doctor`; returns its exit code. Throws `UsageError`. */
export function run(args: readonly string[], libc: Libc): number {
  const { options, words } = getopt(args, OPTIONS);
  const console = new Console(libc);
  let criu: string | null = null, json = false;
  for (const { name, value } of options) {
    if (name === "help") return console.out(help()), 0;
    else if (name === "criu") criu = value!;
    else if (name === "json") json = true;
  }
  if (words.length > 1) throw new UsageError(`doctor takes no ${shown(words[1]!)}`);
  if (criu === "") throw new UsageError("--criu takes a path");
  const diagnosis = diagnose(libc, criu);
  const well = isWell(diagnosis);
  console.out(json ? `${JSON.stringify(diagnosisJson(diagnosis, well))}\n` : diagnosisText(diagnosis));
  return well ? 0 : 1;
}
