import type { Evidence } from "../ffi/sys.ts";
import { Sys } from "../ffi/sys.ts";
import type { Libc } from "../ffi/libc.ts";
import { Subject } from "../ffi/subject.ts";
import { DeathError } from "../ffi/subject.ts";
import { errnoName, SysError, TimeoutError } from "../ffi/errno.ts";
import { Host } from "../host/host.ts";
import { autoloadPrevented } from "./autoload.ts";
import { judge } from "./judge.ts";
import {
  type Answer,
  type CriuAnswer,
  type Finding,
  inconclusive,
  type Kernel,
  type Probe,
  type Remedy,
} from "./probe.ts";
import { remediesFor } from "./remedies.ts";
import { CRIU_VERSION } from "../version.ts";

/** How probes are run. */
export interface RunOptions {
  /** Answer "on disk, not loaded" instead of letting a probe make the kernel load a module. */
  readonly noAutoload?: boolean;
}

/** Asks the running kernel, one probe at a time; keeps what it learned of the host. */
export class Runner {
  readonly host: Host;
  readonly #trail: Evidence[] = [];
  /** The system calls of this process, for what is no probe. */
  readonly sys: Sys;
  readonly #kernel: Kernel;
  readonly #options: RunOptions;

  constructor(libc: Libc, options: RunOptions = {}) {
    const sys = new Sys(libc, this.#trail);
    this.sys = sys;
    this.#options = options;
    this.host = new Host(sys);
    this.#kernel = {
      sys,
      host: this.host,
      pid: sys.try("getpid"),
      subject: (subjectOptions) => Subject.start(sys, subjectOptions),
    };
  }

  /**
   * Runs one probe; never throws for what the kernel answers. Nothing is asked, and nothing waited for, after
   * `until` (as performance.now() counts).
   */
  probe(probe: Probe, until = Infinity): Finding {
    const start = performance.now();
    this.sys.until = until;
    const probedAt = new Date().toISOString();
    this.#trail.length = 0;
    const mark = this.sys.memory.mark();
    let answer: Answer;
    try {
      answer = start > until
        ? inconclusive("not asked: the time given with --timeout was over")
        : (this.#options.noAutoload ? autoloadPrevented(probe, this.host) : undefined) ?? probe.run(this.#kernel);
    } catch (error) {
      this.#record(error);
      answer = judge(probe, error, this.sys, this.host);
    } finally {
      this.sys.memory.release(mark);
    }
    return finding(probe, answer, [...this.#trail], probedAt, performance.now() - start, this.host);
  }

  /** The call that failed is evidence too, also when it only made the situation. */
  #record(error: unknown): void {
    const last = this.#trail.at(-1);
    if (error instanceof SysError) {
      if (last?.call !== error.call || last.errno !== error.code) {
        this.#trail.push({ call: error.call, answer: errnoName(error.errno), errno: error.code });
      }
    } else if (error instanceof TimeoutError) {
      this.#trail.push({ call: error.call, answer: `no answer in ${error.waitedMs} ms`, errno: null });
    } else if (error instanceof DeathError) {
      this.#trail.push({ call: `${error.call}() in a child`, answer: error.status.kind, errno: null });
    }
  }
}

function finding(
  probe: Probe,
  answer: Answer,
  evidence: Evidence[],
  probedAt: string,
  durationMs: number,
  host: Host,
): Finding {
  let remedies: readonly Remedy[] | undefined;
  return {
    feature: probe,
    verdict: answer.verdict,
    reason: answer.verdict === "SUPPORTED" ? null : answer.reason,
    evidence,
    get remedies() {
      return remedies ??= remediesFor(probe, answer, host);
    },
    criuDiffers: criuDiffers(probe, answer, evidence),
    probedAt,
    durationMs,
  };
}

function criuDiffers(probe: Probe, answer: Answer, evidence: readonly Evidence[]): CriuAnswer | null {
  const fault = probe.criuFaults.find((one) =>
    one.when.includes(answer.verdict) && (one.applies?.(answer, evidence) ?? true)
  );
  return fault ? { version: CRIU_VERSION, verdict: fault.says, why: fault.why } : null;
}
