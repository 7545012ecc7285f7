import { SysError } from "../ffi/errno.ts";
import type { Libc } from "../ffi/libc.ts";
import type { CpuMode } from "../fleet/compare_cpu.ts";
import { EXIT_CODES } from "../fleet/item.ts";
import { machineReport } from "../fleet/make.ts";
import { restoreDocument } from "../fleet/output.ts";
import type { RestoreContext } from "../fleet/restore/context.ts";
import { judgeDump, restoreCommand } from "../fleet/restore/judge.ts";
import { openDump } from "../images/dump.ts";
import { dumpFacts } from "../images/facts.ts";
import { originOf } from "../images/origin.ts";
import { Runner } from "../probes/run.ts";
import { dumpText } from "../report/compare.ts";
import { report } from "./compare.ts";
import type { Console } from "./console.ts";
import type { GivenOption } from "./getopt.ts";
import { asUsage } from "./input.ts";
import { shown, UsageError } from "./usage.ts";

/** `cready compare --images PATH`: can this machine restore that dump? Returns the exit code. Throws `UsageError`. */
export async function compareImages(
  libc: Libc,
  console: Console,
  path: string,
  files: readonly string[],
  mode: CpuMode,
  options: readonly GivenOption[],
): Promise<number> {
  const given = (name: string) => options.some((option) => option.name === name);
  if (files.length > 1) throw new UsageError(`one word too many for compare: ${shown(files[1]!)}`);
  using runner = new Runner(libc);
  const { sys, host } = runner;
  const source = files[0] === undefined ? null : await report(sys, files[0]);
  const { dump, facts, madeBy } = await read(runner, path);
  const here = await machineReport(runner);
  const verdicts = new Map(here.kernel.findings.map(({ id, verdict }) => [id, verdict]));
  const context: RestoreContext = {
    facts,
    sys,
    host,
    here,
    source,
    mode,
    root: options.findLast(({ name }) => name === "root")?.value ?? null,
    engine: madeBy !== null,
    options: new Set(),
    verdict: (id) => verdicts.get(id) ?? "INCONCLUSIVE",
  };
  const comparison = judgeDump(context);
  const judgement = {
    images: dump.name,
    processes: facts.tasks.length,
    root: facts.tasks[0]!.name,
    madeBy,
    command: dump.isFolder ? restoreCommand(path, context) : null,
    comparison,
  };
  if (given("json")) console.out(`${JSON.stringify(restoreDocument(mode, judgement), null, 2)}\n`);
  else if (!given("quiet")) console.out(dumpText(judgement, given("all")));
  return EXIT_CODES[comparison.verdict];
}

async function read({ sys }: Runner, path: string) {
  return await asUsage(async () => {
    try {
      const dump = await openDump(sys, path);
      return { dump, facts: dumpFacts(dump), madeBy: originOf(dump) };
    } catch (error) {
      if (error instanceof SysError) throw new UsageError(`Cannot read ${shown(path)}: ${error.code}`);
      throw error;
    }
  });
}
