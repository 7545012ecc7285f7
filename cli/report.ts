import { SysError } from "../ffi/errno.ts";
import { Fd } from "../ffi/fd.ts";
import type { Libc } from "../ffi/libc.ts";
import { writeAllBytes } from "../ffi/out.ts";
import type { Sys } from "../ffi/sys.ts";
import { AT_FDCWD, O_CLOEXEC, O_CREAT, O_TRUNC, O_WRONLY } from "../ffi/uapi.ts";
import type { MachineReport } from "../fleet/document.ts";
import { machineReport } from "../fleet/make.ts";
import { readCpu } from "../host/cpu.ts";
import { cpuinfoImage } from "../images/cpuinfo.ts";
import { Runner } from "../probes/run.ts";
import { Console } from "./console.ts";
import type { CommandOption } from "./commands.ts";
import { getopt } from "./getopt.ts";
import { optionLines } from "./help.ts";
import { asUsage } from "./input.ts";
import { shown, UsageError } from "./usage.ts";

export const OPTIONS: readonly CommandOption[] = [
  {
    name: "cpuinfo-img",
    argument: "required",
    value: "DIR",
    help: "write DIR/cpuinfo.img as `criu cpuinfo dump` does, and print no report",
  },
  {
    name: "pid",
    argument: "required",
    value: "PID",
    help: "look at this process and all that descends from it, too: compare then judges what that tree uses only",
  },
  { name: "no-autoload", argument: "none", help: "ask nothing that would make the kernel load a module" },
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

/** `cready report --help`. */
export function help(): string {
  return `Usage: cready report [options]

Prints everything about this machine that decides about a restore as one JSON document: the kernel and what it has,
the processor, cgroups, security modules, namespaces, clocks, vDSO, sysctls, criu and its plugins, container engines.
No environment and no command line is in it, and of processes only what --pid names. schema/json/report.json describes it; cready compare reads it.

Options:
${optionLines(OPTIONS)}`;
}

/** Runs `cready report`; returns its exit code. Throws `UsageError`. */
export async function run(args: readonly string[], libc: Libc): Promise<number> {
  const { options, words } = getopt(args, OPTIONS);
  const console = new Console(libc);
  if (options.some(({ name }) => name === "help")) return console.out(help()), 0;
  if (words.length > 1) throw new UsageError(`report takes no word, but there is ${shown(words[1]!)}`);
  using runner = new Runner(libc, { noAutoload: options.some(({ name }) => name === "no-autoload") });
  const folder = options.findLast(({ name }) => name === "cpuinfo-img")?.value;
  if (folder !== undefined) return await writeCpuinfo(runner, folder);
  const pid = options.findLast(({ name }) => name === "pid")?.value;
  const process = pid === undefined ? null : await tree(runner, pid);
  console.out(`${JSON.stringify({ ...await machineReport(runner), process }, null, 2)}\n`);
  return 0;
}

/** The tree of a process that the caller named. Throws `UsageError`. */
async function tree(runner: Runner, pid: string): Promise<MachineReport["process"]> {
  if (!/^[1-9]\d{0,9}$/.test(pid)) throw new UsageError(`invalid argument for --pid: ${shown(pid)}`);
  // Only this needs the rules of inspect.
  const [{ inspectedTree }, { NoTreeError }] = await Promise.all([
    import("../fleet/inspected.ts"),
    import("../inspect/tree.ts"),
  ]);
  try {
    return await inspectedTree(runner, Number(pid));
  } catch (error) {
    if (error instanceof NoTreeError) throw new UsageError(error.message);
    throw error;
  }
}

async function writeCpuinfo({ sys, host }: Runner, folder: string): Promise<number> {
  const cpu = readCpu(sys, host);
  if (!cpu) throw new UsageError("cpuinfo.img cannot be written: cready knows no such image of this architecture");
  if (cpu.source === "PROC_CPUINFO") {
    throw new UsageError("cpuinfo.img cannot be written: CPUID can neither be executed nor read from /dev/cpu/0/cpuid");
  }
  const bytes = await asUsage(() => cpuinfoImage(cpu.vector));
  writeFile(sys, `${folder}/cpuinfo.img`, bytes);
  return 0;
}

/** As criu makes its images. */
const IMAGE_MODE = 0o644;

/** Writes a file anew, never through a symbolic link. Throws `UsageError`. */
function writeFile(sys: Sys, path: string, bytes: Uint8Array): void {
  const mark = sys.memory.mark();
  try {
    const flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | sys.arch.oNofollow;
    const number = sys.try("openat", AT_FDCWD, sys.memory.cstring(path), flags, IMAGE_MODE);
    if (number < 0) throw new UsageError(`Cannot write ${shown(path)}: ${new SysError("", -number).code}`);
    using fd = new Fd(sys, number);
    writeAllBytes(sys.libc, fd.number, bytes);
  } finally {
    sys.memory.release(mark);
  }
}
