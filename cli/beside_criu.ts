import { runProgram } from "../ffi/command.ts";
import { SysError, TimeoutError } from "../ffi/errno.ts";
import type { Sys } from "../ffi/sys.ts";
import type { Host } from "../host/host.ts";
import type { Finding } from "../probes/probe.ts";
import { said, visible } from "../report/text.ts";
import { DeathError } from "../ffi/subject.ts";

/** All calls of criu together take no longer, in milliseconds. */
const BOUND_MS = 30_000;
/** One call of criu; a probe of its own may hang. */
const CALL_MS = 5_000;
const CACHE = "/run/criu.kdat";
/** criu's last words when it ends before any check. */
const DIED = "Could not initialize kernel features detection";

/** What one call of criu said. */
interface CriuCall {
  readonly supported: boolean;
  /** Its first line that is no answer; empty where it failed without a word. */
  readonly words: string;
}

/**
 * Asks the criu at `path` what cready was just asked, and says where and why the two differ: lines for people.
 * cready's own answer stands, whatever criu does: it may not start, or hang.
 */
export function besideCriu(sys: Sys, host: Host, path: string, findings: readonly Finding[]): string[] {
  const until = performance.now() + BOUND_MS;
  const cached = host.read(CACHE) !== undefined;
  try {
    const version = versionOf(sys, path);
    const lines = compare(sys, path, findings, until);
    const cache = cached
      ? [entry("its cache", `${CACHE} is there: criu repeats what it saw when that was written, whatever is so now`)]
      : [];
    return [`criu ${version} (${visible(path)}) beside cready:`, ...cache, ...lines];
  } catch (error) {
    if (
      !(error instanceof SysError || error instanceof TimeoutError || error instanceof DeathError ||
        error instanceof Fault)
    ) {
      throw error;
    }
    return [`criu (${visible(path)}) cannot be asked, and cready's answer stands: ${visible(error.message)}`];
  }
}

/** criu ran, but not so that it could answer. */
class Fault extends Error {}

function versionOf(sys: Sys, path: string): string {
  const { status, output } = runProgram(sys, path, ["--version"], { timeoutMs: CALL_MS, withErrors: true });
  const version = /^Version: (\S+)/m.exec(output)?.[1];
  if (version) return visible(version);
  const end = status.kind === "exited" ? `exit code ${status.code}` : `signal ${status.signal}`;
  throw new Fault(`--version ended with ${end} and no version`);
}

function compare(sys: Sys, path: string, findings: readonly Finding[], until: number): string[] {
  const named = findings.filter(({ feature }) => feature.criuName !== null);
  const lines: string[] = [];
  let agreed = 0;
  for (const [asked, finding] of named.entries()) {
    if (performance.now() > until) {
      lines.push(entry("stopped", `after ${BOUND_MS / 1000} s, ${named.length - asked} features not asked`));
      break;
    }
    const call = askCriu(sys, path, finding.feature.criuName!);
    if (call.words.includes(DIED)) {
      return [entry("died", "in its start-up, before any check; its answers would say nothing of the kernel")];
    }
    const difference = differenceOf(finding, call);
    if (difference) lines.push(entry(finding.feature.criuName!, difference));
    else agreed++;
  }
  return [entry("agree", `${agreed} of ${named.length} features that criu has a name for`), ...lines];
}

function askCriu(sys: Sys, path: string, name: string): CriuCall {
  const { status, output } = runProgram(sys, path, ["check", "--feature", name], {
    timeoutMs: CALL_MS,
    withErrors: true,
  });
  if (status.kind === "killed") throw new Fault(`check --feature ${name} ended by signal ${status.signal}`);
  if (output.includes(DIED)) return { supported: false, words: DIED };
  const words = output.split("\n").find((line) => /^(Error|Warn)\b/.test(line)) ?? "";
  return { supported: status.code === 0, words };
}

/** Why an answer of criu's is not ours; undefined where both say the same, with words. */
function differenceOf({ verdict, reason, criuDiffers }: Finding, { supported, words }: CriuCall): string | undefined {
  if (words.includes("Unknown feature")) return "this criu does not know it";
  const theirs = supported
    ? "supported"
    : words
    ? `not supported (${visible(words)})`
    : "not supported, without a word";
  const ours = `cready ${verdict === "SUPPORTED" ? said(verdict) : `${verdict}: ${visible(reason ?? "")}`}`;
  if (supported === (verdict === "SUPPORTED")) {
    return supported || words ? undefined : `both no, criu ${theirs}; ${ours}`;
  }
  if (verdict === "INCONCLUSIVE" && !criuDiffers) return `criu ${theirs}; cready cannot tell: ${visible(reason ?? "")}`;
  const why = criuDiffers ? `; ${criuDiffers.why}` : "; no known fault of criu explains it";
  return `criu ${theirs}; ${ours}${why}`;
}

function entry(label: string, text: string): string {
  return `        ${label.padEnd(24)} ${text}`;
}
