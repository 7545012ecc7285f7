import type { Libc } from "../ffi/libc.ts";
import type { Finding, Probe } from "../probes/probe.ts";
import { Runner } from "../probes/run.ts";
import { inScope } from "../probes/scope.ts";
import { conclude, isNo } from "../report/outcome.ts";
import { detailLines, evidenceLines, findingLine, type Level, logLine } from "../report/text.ts";
import type { CheckRequest } from "./check_options.ts";
import type { Console } from "./console.ts";

/** Asks what a request asks for, prints it, and returns the exit code. */
export async function ask(request: CheckRequest, console: Console, libc: Libc): Promise<number> {
  using runner = new Runner(libc, { noAutoload: request.noAutoload, criu: request.criu });
  const probes = request.features ? await probesNamed(request.features) : await probesFor(request, runner);
  const more = request.format === "text" && request.criu === null ? null : await import("./check_more.ts");
  const run = new CheckRun(request, runner, console, more);
  return request.features ? run.features(probes, request.features) : run.categories(probes);
}

// What a plain check does not need is loaded only when it is asked for: compiling it takes 4 ms.
async function probesNamed(names: readonly string[]): Promise<readonly Probe[]> {
  const { probeNamed } = await import("./features.ts");
  const probes: Probe[] = [];
  for (const name of names) probes.push(await probeNamed(name));
  return probes;
}

async function probesFor({ scope, timeoutSeconds }: CheckRequest, runner: Runner): Promise<readonly Probe[]> {
  // What is asked last may take the kernel long, and is begun while the others are loaded.
  if (timeoutSeconds === null) runner.prepare((await import("../probes/optional.ts")).OPTIONAL);
  if (scope !== "REQUIRED") return (await import("../probes/categories.ts")).CHECKED;
  const { OPTIONAL, REQUIRED } = await import("../probes/required.ts");
  return [...REQUIRED, ...OPTIONAL];
}

/** What only other formats than text, and --criu, need; null for the others. */
type More = typeof import("./check_more.ts") | null;

/** Shorter runs show no progress. */
const PROGRESS_AFTER_MS = 300;

/** One run: asks, prints as it goes, and concludes. */
class CheckRun {
  readonly #request: CheckRequest;
  readonly #runner: Runner;
  readonly #console: Console;
  readonly #more: More;
  readonly #start = performance.now();

  constructor(request: CheckRequest, runner: Runner, console: Console, more: More) {
    this.#request = request;
    this.#runner = runner;
    this.#console = console;
    this.#more = more;
  }

  /** Asks for named features: one `is supported` line each; 1 if any is not. */
  features(probes: readonly Probe[], names: readonly string[]): number {
    const findings: Finding[] = [];
    const modules = this.#modulesBefore(probes);
    if (this.#request.timeoutSeconds === null) this.#runner.prepare(probes.slice(1));
    for (const [i, probe] of probes.entries()) {
      const finding = this.#probe(probe);
      findings.push(finding);
      if (this.#request.format === "text" && !this.#request.quiet && finding.verdict === "SUPPORTED") {
        this.#console.out(`${names[i]} is supported\n`);
      }
    }
    this.#tellModules(modules);
    if (this.#request.format === "json") this.#print(this.#more?.featuresJson(findings));
    else if (this.#request.format === "table") this.#table(findings);
    this.#besideCriu(findings);
    return findings.every(({ verdict }) => verdict === "SUPPORTED") ? 0 : 1;
  }

  /** Asks for the categories of the scope, most important first, and says criu's sentence. */
  categories(all: readonly Probe[]): number {
    const { format, quiet, scope } = this.#request;
    const probes = inScope(all, scope, this.#runner.host);
    const modules = this.#modulesBefore(probes);
    const findings: Finding[] = [];
    for (const probe of probes) {
      // A run is mostly over before anybody could read it.
      if (performance.now() - this.#start > PROGRESS_AFTER_MS) {
        this.#console.progress(`${findings.length + 1}/${probes.length} ${probe.id}`);
      }
      const finding = this.#probe(probe);
      findings.push(finding);
      // criu stops here; a document holds all that was asked for.
      if (format === "text" && finding.feature.category === "REQUIRED" && isNo(finding)) break;
    }
    this.#console.clearProgress();
    this.#tellModules(modules);
    const { sentence, stream, exitCode } = conclude(findings, this.#runner.host.architecture);
    if (format === "json") this.#print(this.#more?.checkJson(this.#more.reportOf(scope, findings, this.#runner.host)));
    else if (format === "table") this.#table(findings);
    else if (format === "text" && !quiet) {
      if (stream === "stdout") this.#console.out(`${sentence}\n`);
      else this.#console.log(logLine(2, "check", sentence));
      if (this.#console.interactive && this.#request.logFile === null) this.#summary(findings);
    }
    this.#besideCriu(findings);
    return exitCode;
  }

  #probe(probe: Probe): Finding {
    const { timeoutSeconds } = this.#request;
    const finding = this.#runner.probe(
      probe,
      this.#start + (timeoutSeconds ?? Infinity) * 1000,
      this.#request.features !== null,
    );
    if (this.#request.format === "ndjson") {
      this.#console.clearProgress();
      this.#print(this.#more?.findingJson(finding));
    }
    if (!this.#request.quiet) this.#tell(finding);
    return finding;
  }

  #tell(finding: Finding): void {
    const { verbosity, format, remedies } = this.#request;
    const line = findingLine(finding);
    if (line || verbosity >= 3) this.#console.clearProgress();
    if (verbosity >= 3) { for (const one of evidenceLines(finding)) this.#log(one); }
    if (!line || (format !== "text" && verbosity < 3)) return;
    if (!this.#log(line)) return;
    if (remedies ?? (this.#console.interactive && this.#request.logFile === null)) {
      for (const detail of detailLines(finding)) this.#console.detail(detail);
    }
  }

  #log(line: { level: Level; text: string }): boolean {
    const { verbosity } = this.#request;
    if (verbosity < line.level) return false;
    const time = ((performance.now() - this.#start) / 1000).toFixed(6).padStart(9, "0");
    this.#console.log(verbosity >= 3 ? { ...line, text: `(${time}) ${line.text}` } : line);
    return true;
  }

  #besideCriu(findings: readonly Finding[]): void {
    const { criu, quiet } = this.#request;
    if (criu === null || quiet || !this.#more) return;
    for (const line of this.#more.besideCriu(this.#runner.sys, this.#runner.host, criu, findings)) {
      this.#console.detail(line);
    }
  }

  #print(document: unknown): void {
    if (!this.#request.quiet) this.#console.out(`${JSON.stringify(document)}\n`);
  }

  #table(findings: readonly Finding[]): void {
    if (!this.#request.quiet && this.#more) this.#console.out(this.#more.table(findings));
  }

  #modulesBefore(probes: readonly Probe[]): Set<string> | null {
    return probes.some(({ autoloads }) => autoloads.length > 0) ? this.#runner.host.modules.loaded() : null;
  }

  /** Modules that the kernel loaded by itself are the one change that a check may leave behind: they are named. */
  #tellModules(before: Set<string> | null): void {
    if (!before || this.#request.quiet) return;
    const loaded = [...this.#runner.host.modules.loaded()].filter((name) => !before.has(name));
    if (loaded.length === 0) return;
    this.#console.clearProgress();
    this.#console.detail(logLine(3, "check", `the kernel loaded modules when it was asked: ${loaded.join(" ")}`).text);
  }

  /** Category 4 is told, never counted. */
  #summary(all: readonly Finding[]): void {
    const findings = all.filter(({ feature }) => feature.category !== "OPTIONAL");
    const count = (verdict: string) => findings.filter((one) => one.verdict === verdict).length;
    const total = `${count("SUPPORTED")} of ${findings.length} supported`;
    const rest = `${count("UNSUPPORTED")} missing, ${count("BLOCKED")} blocked, ${count("INCONCLUSIVE")} untold`;
    const { host } = this.#runner;
    const who = `as ${
      host.status.uids[1] === 0 ? "root" : `uid ${host.status.uids[1]}`
    } on ${host.release} ${host.architecture}`;
    this.#console.detail(
      `        ${total}, ${rest}      ${who}      ${(performance.now() - this.#start).toFixed(0)} ms`,
    );
  }
}
