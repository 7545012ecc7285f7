import type { Libc } from "../ffi/libc.ts";
import { Sys } from "../ffi/sys.ts";
import { compareCpus, type ComparedCpu, CPU_MODES, type CpuMode } from "../fleet/compare_cpu.ts";
import { compareMachines, type Comparison, comparison } from "../fleet/compare.ts";
import type { MachineReport } from "../fleet/document.ts";
import { EXIT_CODES, type Item } from "../fleet/item.ts";
import { machineReport } from "../fleet/make.ts";
import { matrixOf, type NamedReport } from "../fleet/matrix.ts";
import { compareDocument, matrixDocument } from "../fleet/output.ts";
import { readReport, REPORT_BYTES } from "../fleet/read.ts";
import { comparedCpu } from "../fleet/vector.ts";
import { readCpuinfo } from "../images/cpuinfo.ts";
import { Runner } from "../probes/run.ts";
import { comparisonText, matrixText } from "../report/compare.ts";
import { Console } from "./console.ts";
import type { CommandOption } from "./commands.ts";
import { getopt, type GivenOption } from "./getopt.ts";
import { optionLines } from "./help.ts";
import { asUsage, inputFile } from "./input.ts";
import { shown, UsageError } from "./usage.ts";

export const OPTIONS: readonly CommandOption[] = [
  {
    name: "cpu",
    argument: "required",
    value: "MODE",
    help:
      "how processors are compared: none, fpu, ins, cpu, criu-default (fpu and ins) as criu does, or safe, which also " +
      "counts what criu leaves out; default safe",
  },
  { name: "matrix", argument: "none", help: "compare all the reports with each other: who can restore whose dumps" },
  {
    name: "cpuinfo-img",
    argument: "required",
    value: "FILE",
    help: "the source is a cpuinfo.img of criu: compare processors only",
  },
  {
    name: "images",
    argument: "required",
    value: "PATH",
    help:
      "can this machine restore the dump at PATH, a folder of criu's images or a checkpoint archive (.tar, .tar.gz, " +
      ".tar.zst)? SOURCE.json is then the report of the machine it was made on, where there is one",
  },
  {
    name: "root",
    argument: "required",
    value: "DIR",
    help: "with --images: where the root file system of the dump is going to be, as criu restore --root",
  },
  { name: "all", argument: "none", help: "show what is the same, too" },
  { name: "json", argument: "none", help: "one JSON document" },
  { name: "quiet", argument: "none", help: "print nothing; the exit code tells" },
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** `cready compare --help`. */
export function help(): string {
  return `Usage: cready compare [options] SOURCE.json [TARGET.json]
       cready compare [options] --cpuinfo-img FILE [TARGET.json]
       cready compare [options] --images PATH [SOURCE.json]
       cready compare [options] --matrix REPORT.json…

Says whether what is dumped on the machine of SOURCE.json can be restored on the one of TARGET.json, or on this one.
Both are documents of cready report; - is standard input.

Options:
${optionLines(OPTIONS)}
Exit codes: 0 nothing speaks against it, 1 something blocks, 3 with risks, 4 cannot be told, 2 asked wrongly or a file
that is no report.
`;
}

/** Runs `cready compare`; returns its exit code. Throws `UsageError`. */
export async function run(args: readonly string[], libc: Libc): Promise<number> {
  const { options, words } = getopt(args, OPTIONS);
  const console = new Console(libc);
  const given = (name: string) => options.some((option) => option.name === name);
  if (given("help")) return console.out(help()), 0;
  const sys = new Sys(libc, []);
  const mode = cpuMode(options);
  const files = words.slice(1);
  if (given("matrix")) return await matrix(sys, console, files, mode, given("json"), given("quiet"));
  const images = options.findLast(({ name }) => name === "images")?.value;
  if (images !== undefined) {
    // Only this needs the reader of images and the judges of a dump.
    const { compareImages } = await import("./compare_images.ts");
    return await compareImages(libc, console, images, files, mode, options);
  }
  const image = options.findLast(({ name }) => name === "cpuinfo-img")?.value;
  const wanted = image === undefined ? 1 : 0;
  if (files.length < wanted) throw new UsageError("compare takes SOURCE.json, the report of the machine of the dump");
  if (files.length > wanted + 1) throw new UsageError(`one word too many for compare: ${shown(files[wanted + 1]!)}`);
  // The caller's files are read before this machine is looked at.
  const source = image === undefined
    ? await report(sys, files[0]!)
    : await asUsage(() => readCpuinfo(shown(image), inputFile(sys, image, REPORT_BYTES)));
  const targetFile = files[wanted];
  const target = targetFile === undefined ? await here(libc) : await report(sys, targetFile);
  const result = "words" in source
    ? comparison(imageItems(source, target, mode))
    : compareMachines(source, target, mode);
  return print(console, image ?? files[0]!, targetFile ?? "this machine", mode, result, options);
}

function imageItems(vector: ComparedCpu["vector"], target: MachineReport, mode: CpuMode): Item[] {
  if (!target.cpu) {
    const reason = "an image of an x86 processor, and another architecture";
    return [{
      id: "architecture",
      source: "x86_64",
      target: target.architecture,
      severity: "blocks",
      reason,
      remedy: null,
    }];
  }
  const source = { vector, xcr0: null, signalFrameSize: null, processorsAlike: null, partial: false };
  return compareCpus(source, comparedCpu(target.cpu), mode);
}

function cpuMode(options: readonly GivenOption[]): CpuMode {
  const value = options.findLast(({ name }) => name === "cpu")?.value ?? "safe";
  const mode = CPU_MODES.find((one) => one === value);
  if (!mode) throw new UsageError(`invalid argument for --cpu: ${shown(value)}; there is ${CPU_MODES.join(", ")}`);
  return mode;
}

/** Reads a report that the caller named. Throws `UsageError`. */
export async function report(sys: Sys, path: string): Promise<MachineReport> {
  return await asUsage(() => readReport(shown(path), inputFile(sys, path, REPORT_BYTES + 1)));
}

async function here(libc: Libc): Promise<MachineReport> {
  using runner = new Runner(libc);
  return await machineReport(runner);
}

function print(
  console: Console,
  source: string,
  target: string,
  mode: CpuMode,
  result: Comparison,
  options: readonly GivenOption[],
): number {
  const given = (name: string) => options.some((option) => option.name === name);
  if (given("json")) {
    console.out(`${JSON.stringify(compareDocument(source, target, mode, result), null, 2)}\n`);
  } else if (!given("quiet")) console.out(comparisonText(result, given("all")));
  return EXIT_CODES[result.verdict];
}

/** Many reports at once; 0, since there is no one verdict. */
async function matrix(
  sys: Sys,
  console: Console,
  files: readonly string[],
  mode: CpuMode,
  json: boolean,
  quiet: boolean,
): Promise<number> {
  if (files.length === 0) throw new UsageError("compare --matrix takes the reports of some machines");
  const reports: NamedReport[] = [];
  const names = reportNames(files);
  for (const [i, path] of files.entries()) reports.push({ name: names[i]!, report: await report(sys, path) });
  const result = matrixOf(reports, mode);
  if (json) console.out(`${JSON.stringify(matrixDocument(mode, result), null, 2)}\n`);
  else if (!quiet) console.out(matrixText(result));
  return 0;
}

/** What the machines are called: the names of their files without folder and `.json`, where these differ. */
function reportNames(files: readonly string[]): readonly string[] {
  const short = files.map((path) => path.replace(/^.*\//, "").replace(/\.json$/, ""));
  return new Set(short).size === files.length ? short : files;
}
