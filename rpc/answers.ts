import type { Libc } from "../ffi/libc.ts";
import type { Finding, Probe } from "../probes/probe.ts";
import memDirtyTrack from "../probes/mem_dirty_track.ts";
import pidfdStore from "../probes/pidfd_store.ts";
import { REQUIRED } from "../probes/required.ts";
import { Runner } from "../probes/run.ts";
import { inScope } from "../probes/scope.ts";
import uffd from "../probes/uffd.ts";
import uffdNoncoop from "../probes/uffd_noncoop.ts";
import { criu_req_type as Type } from "../proto/gen/rpc_pb.ts";
import { isNo } from "../report/outcome.ts";
import { installedCriu, versionOf } from "./criu_version.ts";
import { type Features, type Request, type Response, typeName } from "./packet.ts";

/** errno numbers of the RPC (errno.h). */
const EOPNOTSUPP = 95;
const EBADRQC = 56;
const ENOENT = 2;

/** All probes of one request together take no longer, in milliseconds. */
const BOUND_MS = 30_000;

/** The probes that must all say yes for a feature of the RPC, as CRIU combines them. */
export const FEATURE_PROBES: Readonly<Record<keyof Features, readonly Probe[]>> = {
  memTrack: [memDirtyTrack],
  lazyPages: [uffd, uffdNoncoop],
  pidfdStore: [pidfdStore],
};

/** The features by the names that they have in the RPC. */
export const FEATURE_NAMES: Readonly<Record<keyof Features, string>> = {
  memTrack: "mem_track",
  lazyPages: "lazy_pages",
  pidfdStore: "pidfd_store",
};

/** The requests after which CRIU waits for another one, where `keep_open` is set; for others it drops the connection. */
export const KEPT_OPEN: readonly Type[] = [
  Type.PAGE_SERVER,
  Type.PAGE_SERVER_CHLD,
  Type.CPUINFO_DUMP,
  Type.CPUINFO_CHECK,
  Type.FEATURE_CHECK,
  Type.VERSION,
];

/** What to do with a request: answer it, and then go on or end; or end without an answer, as CRIU does. */
export type Reaction =
  | { readonly response: Response; readonly goOn: boolean }
  | { readonly response: null; readonly why: string };

/** What is asked with. */
export interface AnswerOptions {
  /** The criu whose version is told; null for the first one in PATH. */
  readonly criu: string | null;
  readonly noAutoload: boolean;
}

/**
 * Answers requests that were all there before the first of them is answered: what is found out for one serves the
 * others, and no longer.
 */
export class Answers implements Disposable {
  readonly #runner: Runner;
  readonly #options: AnswerOptions;
  readonly #findings = new Map<Probe, Finding>();
  readonly #until = performance.now() + BOUND_MS;
  #check: Response | undefined;
  #version: Response | undefined;

  constructor(libc: Libc, options: AnswerOptions) {
    this.#options = options;
    this.#runner = new Runner(libc, options);
  }

  /** What becomes of a request. */
  react({ type, keepOpen, features }: Request): Reaction {
    if (keepOpen && (type === null || !KEPT_OPEN.includes(type))) {
      return { response: null, why: `keep_open is not for ${type === null ? "it" : typeName(type)}` };
    }
    const response = type === Type.CHECK
      ? this.#check ??= this.#checked()
      : type === Type.FEATURE_CHECK
      ? this.#featuresChecked(features)
      : type === Type.VERSION
      ? this.#version ??= this.#versionTold()
      : refused(type);
    return { response, goOn: keepOpen };
  }

  /** Category 1; the first failing check is named, as criu ends there. */
  #checked(): Response {
    let undecided: Finding | undefined;
    for (const probe of inScope(REQUIRED, "REQUIRED", this.#runner.host)) {
      const finding = this.#ask(probe);
      if (isNo(finding)) return { type: Type.CHECK, success: false, message: reasonOf(finding) };
      if (finding.verdict === "INCONCLUSIVE") undecided ??= finding;
    }
    if (!undecided) return { type: Type.CHECK, success: true };
    return { type: Type.CHECK, success: false, message: `cannot tell: ${reasonOf(undecided)}` };
  }

  /** As CRIU has it: all three are there in the answer, and only what was asked for is found out. */
  #featuresChecked(asked: Features | null): Response {
    if (!asked) {
      const message = "FEATURE_CHECK names no features; criu ends without an answer of its own here";
      return { type: Type.FEATURE_CHECK, success: false, errno: EBADRQC, message };
    }
    const reasons: string[] = [];
    const there = (name: keyof Features): boolean => {
      if (!asked[name]) return false;
      const missing = FEATURE_PROBES[name].map((probe) => this.#ask(probe)).find((one) => one.verdict !== "SUPPORTED");
      if (missing) reasons.push(`${FEATURE_NAMES[name]}: ${reasonOf(missing)}`);
      return !missing;
    };
    const features = {
      memTrack: there("memTrack"),
      lazyPages: there("lazyPages"),
      pidfdStore: there("pidfdStore"),
    };
    return { type: Type.FEATURE_CHECK, success: true, features, message: reasons.join("; ") };
  }

  #versionTold(): Response {
    const { sys } = this.#runner;
    const installed = installedCriu(sys, this.#options.criu);
    if (installed.path === null) return noVersion(installed.why);
    const answer = versionOf(sys, installed.path);
    if (answer.version === null) return noVersion(answer.why);
    return { type: Type.VERSION, success: true, version: answer.version };
  }

  #ask(probe: Probe): Finding {
    const known = this.#findings.get(probe);
    if (known) return known;
    const finding = this.#runner.probe(probe, this.#until);
    this.#findings.set(probe, finding);
    return finding;
  }

  [Symbol.dispose](): void {
    this.#runner[Symbol.dispose]();
  }
}

/** A finding in one sentence, with its likeliest cause. */
export function reasonOf({ feature, reason, remedies }: Finding): string {
  const why = remedies[0]?.why;
  return `${feature.criuName ?? feature.id}: ${reason}${why ? ` (${why})` : ""}`;
}

/** Never our own number: engines decide by it what they ask of criu. */
function noVersion(why: string): Response {
  return { type: Type.VERSION, success: false, errno: ENOENT, message: `cready knows no criu version: ${why}` };
}

/** What a check cannot answer. CRIU answers what it does not know with the type EMPTY; clients know that. */
export function refused(type: Type | null): Response {
  const unknown = type === null || type === Type.EMPTY || type === Type.NOTIFY;
  const what = type === null ? "a request of a type that is not known" : typeName(type);
  return {
    type: unknown ? Type.EMPTY : type,
    success: false,
    errno: EOPNOTSUPP,
    message: `cready only checks: it answers CHECK, FEATURE_CHECK and VERSION, not ${what}; ask criu itself`,
  };
}
