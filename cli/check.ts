import { SysError } from "../ffi/errno.ts";
import type { Libc } from "../ffi/libc.ts";
import { CRIU_NAMES } from "../probes/names.ts";
import { parseCheck } from "./check_options.ts";
import { Console } from "./console.ts";
import { checkHelp, versionLine } from "./help.ts";
import { shown, UsageError } from "./usage.ts";

export { CHECK_OPTIONS as OPTIONS } from "./check_options.ts";
export { checkHelp as help } from "./help.ts";

/** Runs `cready check`; returns its exit code. Throws `UsageError` for a fault of the caller's. */
export async function run(args: readonly string[], libc: Libc): Promise<number> {
  const request = await parseCheck(args);
  const console = new Console(libc);
  if (request === "help") return console.out(checkHelp()), 0;
  if (request === "version") return console.out(versionLine()), 0;
  if (request === "list") return console.out(`${CRIU_NAMES.join(" ")}\n`), 0;
  if (request.logFile === "-" && (request.format === "json" || request.format === "ndjson")) {
    throw new UsageError(`--${request.format} has stdout for itself: -o - cannot be given with it`);
  }
  enterFolder(request.workFolder, libc);
  if (request.logFile !== null) console.logTo(request.logFile);
  // Loaded only now: the version, the list and help do without the probes, 2 ms.
  const { ask } = await import("./check_run.ts");
  return await ask(request, console, libc);
}

function enterFolder(path: string | null, libc: Libc): void {
  if (path === null) return;
  const result = libc.syscall("chdir", libc.memory.cstring(path));
  if (result < 0) throw new UsageError(`Can't change directory to ${shown(path)}: ${new SysError("", -result).code}`);
}
