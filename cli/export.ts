import { SysError } from "../ffi/errno.ts";
import type { Libc } from "../ffi/libc.ts";
import { replaceFile } from "../ffi/replace_file.ts";
import { Sys } from "../ffi/sys.ts";
import { nap } from "../ffi/wait.ts";
import { machineReport } from "../fleet/make.ts";
import { Runner } from "../probes/run.ts";
import { fleetRecord } from "../report/fleet.ts";
import { nfdFile } from "../report/nfd.ts";
import { prometheusText } from "../report/prometheus.ts";
import { Console } from "./console.ts";
import type { CommandOption } from "./commands.ts";
import { getopt } from "./getopt.ts";
import { optionLines } from "./help.ts";
import { shown, UsageError } from "./usage.ts";

/** Longer than a day is no interval at which a node is looked at. */
const LONGEST = 86_400, DEFAULT_SECONDS = 300;
/** A file is good for so many intervals: one that is late, and one that failed. */
const INTERVALS = 3;
/** Between looks at the clock; a signal ends the sleep, and the program. */
const NAP_NS = 999_000_000;

export const OPTIONS: readonly CommandOption[] = [
  {
    name: "output",
    short: "o",
    argument: "required",
    value: "FILE",
    help: "put it in the place of FILE, all at once, instead of printing it",
  },
  {
    name: "interval",
    argument: "required",
    value: "SECONDS",
    help: `how often this is done; what nfd writes expires after three times as long. Default ${DEFAULT_SECONDS}`,
  },
  {
    name: "repeat",
    argument: "none",
    help: "stay, and do it again at each interval, until a signal ends it; for where there is no timer, with --output",
  },
  { name: "no-autoload", argument: "none", help: "ask nothing that would make the kernel load a module" },
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** `cready export --help`. */
export function help(): string {
  return `Usage: cready export nfd|prometheus [options]

Says what cready report finds in the words of others: nfd, a file for the features.d folder of Kubernetes' Node Feature
Discovery; prometheus, gauges for the textfile collector of node_exporter. Nothing about processes is in either.

Options:
${optionLines(OPTIONS)}`;
}

/** Runs `cready export`; returns its exit code. Throws `UsageError`. */
export async function run(args: readonly string[], libc: Libc): Promise<number> {
  const { options, words } = getopt(args, OPTIONS);
  const console = new Console(libc);
  const given = (name: string) => options.findLast((option) => option.name === name);
  if (given("help")) return console.out(help()), 0;
  const format = words[1];
  if (format !== "nfd" && format !== "prometheus") {
    throw new UsageError(`export takes nfd or prometheus${format === undefined ? "" : `, not ${shown(format)}`}`);
  }
  if (words.length > 2) throw new UsageError(`one word too many for export: ${shown(words[2]!)}`);
  const seconds = interval(given("interval")?.value);
  const file = given("output")?.value;
  const repeat = given("repeat") !== undefined;
  if (repeat && file === undefined) throw new UsageError("--repeat is for --output FILE");
  const noAutoload = given("no-autoload") !== undefined;
  for (;;) {
    const text = await made(libc, format, seconds, noAutoload);
    if (file === undefined) return console.out(text), 0;
    put(libc, file, text);
    if (!repeat) return 0;
    const sys = new Sys(libc, []);
    for (const until = performance.now() + seconds * 1000; performance.now() < until;) nap(sys, NAP_NS);
  }
}

/** Looks at the machine anew, and says it. */
async function made(libc: Libc, format: "nfd" | "prometheus", seconds: number, noAutoload: boolean): Promise<string> {
  using runner = new Runner(libc, { noAutoload });
  const start = performance.now();
  const report = await machineReport(runner);
  const record = fleetRecord(report, performance.now() - start);
  if (format === "prometheus") return prometheusText(record);
  return nfdFile(record, new Date(Date.parse(report.madeAt) + INTERVALS * seconds * 1000));
}

function put(libc: Libc, file: string, text: string): void {
  try {
    replaceFile(new Sys(libc, []), file, new TextEncoder().encode(text));
  } catch (error) {
    if (error instanceof SysError) throw new UsageError(`Cannot write ${shown(file)}: ${error.code}`);
    throw error;
  }
}

function interval(value: string | undefined): number {
  if (value === undefined) return DEFAULT_SECONDS;
  const seconds = Number(value);
  if (!/^\d+$/.test(value) || seconds < 1 || seconds > LONGEST) {
    throw new UsageError(`invalid argument for --interval: ${shown(value)}; whole seconds, at most ${LONGEST}`);
  }
  return seconds;
}
