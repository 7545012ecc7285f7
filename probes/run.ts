import { type Evidence, Sys } from "../ffi/sys.ts";
import type { Libc } from "../ffi/libc.ts";
import { closeAll, DeathError, giveUpSpare, reapAll, Subject } from "../ffi/subject.ts";
import { errnoName, SysError, TimeoutError } from "../ffi/errno.ts";
import { Affinity } from "../ffi/affinity.ts";
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

const NO_TIME = inconclusive("not asked: the time given with --timeout was over", [{
  cause: "UNDETERMINED",
  why: "there was no time left to ask",
  text: "give more time, or ask for it alone with --feature",
  command: null,
}]);

/** How often a probe is run that waits for a module; loading one takes seconds on a loaded or emulated machine. */
const MODULE_TRIES = 4;

/** How probes are run. */
export interface RunOptions {
  /** Answer "on disk, not loaded" instead of letting a probe make the kernel load a module. */
  readonly noAutoload?: boolean;
  /** The criu that is meant by questions about the installed one; the one in PATH if it is not given. */
  readonly criu?: string | null;
}

/** Asks the running kernel, one probe at a time; keeps what it learned of the host, and the children to be buried. */
export class Runner implements Disposable {
  readonly host: Host;
  readonly #trail: Evidence[] = [];
  /** The system calls of this process, for what is no probe. */
  readonly sys: Sys;
  readonly #kernel: Kernel;
  readonly #options: RunOptions;
  #affinity: Affinity | undefined;

  constructor(libc: Libc, options: RunOptions = {}) {
    const sys = new Sys(libc, this.#trail);
    this.sys = sys;
    this.#options = options;
    this.host = new Host(sys);
    // Read while nothing else is open: by it every refusal is judged.
    void this.host.status;
    this.#kernel = {
      sys,
      host: this.host,
      pid: sys.try("getpid"),
      criu: options.criu ?? null,
      subject: (subjectOptions) => {
        this.#affinity ??= new Affinity(sys);
        return Subject.start(sys, subjectOptions);
      },
    };
  }

  /** Begins what these probes would have to wait for; others are to be asked before them. */
  prepare(probes: readonly Probe[]): void {
    // Whoever is bound by RLIMIT_NPROC may need each task for an answer.
    const { host } = this;
    if (!host.rightsKnown || !(host.has("CAP_SYS_RESOURCE") || host.has("CAP_SYS_ADMIN"))) return;
    for (const probe of probes) {
      if (!probe.prepare) continue;
      const mark = this.sys.memory.mark();
      try {
        this.sys.spare.push(probe.prepare(this.#kernel));
      } catch {
        // It is asked all the same, and then it is told why it cannot be.
      }
      this.sys.memory.release(mark);
    }
  }

  /**
   * Runs one probe; never throws for what the kernel answers. Nothing is asked, and nothing waited for, after
   * `until` (as performance.now() counts). `named` as with --feature: criu answers one check otherwise then.
   */
  probe(probe: Probe, until = Infinity, named = false): Finding {
    const start = performance.now();
    this.sys.until = until;
    const probedAt = new Date().toISOString();
    this.#trail.length = 0;
    const mark = this.sys.memory.mark();
    // A check that is not asked says nothing of what criu would say, nor one that ran out of time or descriptors.
    const notAsked = start > until
      ? NO_TIME
      : this.#options.noAutoload
      ? autoloadPrevented(probe, this.host)
      : undefined;
    let answer: Answer;
    let failed = false;
    try {
      answer = notAsked ?? this.#ask(probe);
    } catch (error) {
      this.#record(error);
      failed = error instanceof TimeoutError || (error instanceof SysError && error.code === "EMFILE");
      answer = judge(probe, error, this.sys, this.host);
    } finally {
      this.sys.memory.release(mark);
    }
    const evidence = [...this.#trail];
    const host = this.host;
    let remedies: readonly Remedy[] | undefined;
    return {
      feature: probe,
      verdict: answer.verdict,
      reason: answer.verdict === "SUPPORTED" ? null : answer.reason,
      evidence,
      get remedies() {
        return remedies ??= remediesFor(probe, answer, host);
      },
      criuDiffers: notAsked || failed ? null : criuDiffers(probe, answer, evidence, named, host),
      probedAt,
      durationMs: milliseconds(performance.now() - start),
    };
  }

  /** A module that the kernel was still loading when the time was over may be there when it is asked again. */
  #ask(probe: Probe): Answer {
    for (let tries = probe.autoloads.length > 0 ? MODULE_TRIES : 1;; tries--) {
      try {
        return probe.run(this.#kernel);
      } catch (error) {
        if (!(error instanceof TimeoutError) || tries <= 1 || performance.now() > this.sys.until) throw error;
        this.#trail.length = 0;
      }
    }
  }

  /** Takes away what the probes left to be taken away: children that were killed. */
  [Symbol.dispose](): void {
    giveUpSpare(this.sys);
    this.#affinity?.[Symbol.dispose]();
    this.#affinity = undefined;
    this.sys.until = Infinity;
    closeAll(this.sys);
    reapAll(this.sys);
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

/** Microseconds are as exact as this can be. */
function milliseconds(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Whether criu 4.2 would come as far as a check: before it there is a gate, and probes that end it as root. */
function criuStarts(host: Host): boolean {
  if (!host.rightsKnown) return false;
  const root = host.status.uids[1] === 0;
  return host.has("CAP_SYS_ADMIN") || (!root && host.has("CAP_CHECKPOINT_RESTORE"));
}

function criuDiffers(
  probe: Probe,
  answer: Answer,
  evidence: readonly Evidence[],
  named: boolean,
  host: Host,
): CriuAnswer | null {
  const fault = probe.criuFaults.find((one) =>
    one.when.includes(answer.verdict) && !(named && one.onlyInCategory) && (one.applies?.(answer, evidence) ?? true)
  );
  return fault && criuStarts(host) ? { version: CRIU_VERSION, verdict: fault.says, why: fault.why } : null;
}
