import type { Libc } from "../ffi/libc.ts";
import { findProgram } from "../ffi/programs.ts";
import type { Sys } from "../ffi/sys.ts";
import type { Finding, Probe } from "../probes/probe.ts";
import { Runner } from "../probes/run.ts";
import { criu_req_type as Type } from "../proto/gen/rpc_pb.ts";
import { visible } from "../report/text.ts";
import { FEATURE_NAMES, FEATURE_PROBES } from "./answers.ts";
import { askByCommand, askBySwrk, type CommandAnswer, lastWords } from "./ask.ts";
import { breaksOf, type KnownBreak } from "./breaks.ts";
import { installedCriu, parseVersion, versionNumber, versionText } from "./criu_version.ts";
import { type Conclusion, conclusions, type Known } from "./engines.ts";
import { type ConfigFile, configFiles, libcriu, type Plugin, plugins } from "./installation.ts";
import { type Features, type Question, type Response, typeName } from "./packet.ts";

/** One question that was put to criu, and what came of it. */
export interface Asked {
  /** Whose words these are: `go-criu`, `libcriu`, `pycriu`, `lxc`. */
  readonly client: string;
  readonly question: string;
  /** Whether the client gets what it asked for; a feature that is not there is an answer too. */
  readonly succeeded: boolean;
  /** One clause. */
  readonly answer: string;
  readonly durationMs: number;
}

/** A feature of the RPC: criu's word beside cready's. */
export interface Compared {
  /** As in the RPC. */
  readonly name: string;
  /** What criu answers; null where it did not. */
  readonly criu: boolean | null;
  /** What go-criu gives its caller who asked for it; null where the call fails. */
  readonly goCriu: boolean | null;
  /** What cready's probes say: all of those that criu combines. */
  readonly cready: Finding;
}

/** All that the doctor found. */
export interface Diagnosis {
  readonly host: { readonly kernel: string; readonly architecture: string };
  /** Null where there is none that is run; then `why` says so. */
  readonly path: string | null;
  readonly why: string | null;
  /** As criu writes it, and as the number that engines make of it; null where it says none. */
  readonly version: { readonly text: string; readonly number: number } | null;
  /** /run/criu.kdat is there: criu repeats what it saw when that was written. */
  readonly cached: boolean;
  readonly asked: readonly Asked[];
  readonly features: readonly Compared[];
  readonly engines: readonly Conclusion[];
  readonly breaks: readonly KnownBreak[];
  readonly configFiles: readonly ConfigFile[];
  readonly plugins: readonly Plugin[];
  /** Where libcriu.so.2 is, which crun loads. */
  readonly libcriu: string | null;
}

const CACHE = "/run/criu.kdat";
const ALL_FEATURES: Features = { memTrack: true, lazyPages: true, pidfdStore: true };

/** Asks the criu at `given`, or the first in PATH, as engines do, and cready's probes beside it. */
export function diagnose(libc: Libc, given: string | null): Diagnosis {
  using runner = new Runner(libc);
  const { sys, host } = runner;
  const installed = installedCriu(sys, given);
  const cached = host.exists(CACHE);
  const asking = installed.path === null ? null : new Asking(sys, installed.path);
  const answers = asking?.all();
  const probed = Object.fromEntries(
    Object.entries(FEATURE_PROBES).map(([name, probes]) => [name, worst(runner, probes)]),
  ) as unknown as Record<keyof Features, Finding>;
  const root = host.status.uids[1] === 0;
  const library = libcriu(sys, host);
  const why = installed.path === null ? installed.why : answers!.why;
  const known: Known = {
    found: installed.path !== null,
    why,
    version: answers?.goVersion ?? null,
    features: answers?.goFeatures ?? null,
    libcriuVersion: answers?.libcriuVersion ?? null,
    libcriuFeatures: answers?.libcriuFeatures ?? null,
    libcriu: library,
    root,
    starts: answers ? (answers.goFeatures ?? answers.libcriuFeatures) !== null : false,
    versionLine: answers?.versionLine ?? null,
    memDirtyTrack: answers?.memDirtyTrack ?? null,
    uffdNoncoop: answers?.uffdNoncoop ?? null,
    probed: {
      memTrack: probed.memTrack.verdict,
      lazyPages: probed.lazyPages.verdict,
      pidfdStore: probed.pidfdStore.verdict,
    },
  };
  // Its own first line, where the RPC gives none: a criu that cannot start still says its version.
  const version = known.version ?? known.libcriuVersion ?? parseVersion(known.versionLine ?? "");
  return {
    host: { kernel: host.release, architecture: host.architecture },
    path: installed.path,
    why: installed.path === null ? installed.why : null,
    version: version && { text: versionText(version), number: versionNumber(version) },
    cached,
    asked: asking?.asked ?? [],
    features: (Object.keys(FEATURE_NAMES) as (keyof Features)[]).map((name) => ({
      name: FEATURE_NAMES[name],
      criu: known.libcriuFeatures?.[name] ?? known.features?.[name] ?? null,
      // Its FeatureCheck returns what it was called with, whatever the answer holds.
      goCriu: known.features === null ? null : true,
      cready: probed[name],
    })),
    engines: conclusions(known, (program) => findProgram(sys, program).path !== null),
    breaks: version ? breaksOf(version, host.release, host.architecture) : [],
    configFiles: configFiles(sys),
    plugins: installed.path === null || asking?.hung ? [] : plugins(sys, installed.path),
    libcriu: library,
  };
}

/** The finding that keeps a feature from being there, else the last one. */
function worst(runner: Runner, probes: readonly Probe[]): Finding {
  const findings = probes.map((probe) => runner.probe(probe));
  return findings.find(({ verdict }) => verdict !== "SUPPORTED") ?? findings.at(-1)!;
}

/** Puts the questions; one that hangs is the last. */
class Asking {
  readonly #sys: Sys;
  readonly #path: string;
  readonly asked: Asked[] = [];
  /** criu did not answer in time; it is not asked again. */
  hung = false;

  constructor(sys: Sys, path: string) {
    this.#sys = sys;
    this.#path = path;
  }

  all() {
    const versionLine = this.#command("lxc", ["--version"]);
    const goVersion = this.#rpc("go-criu", { type: Type.VERSION, imagesDirFd: null });
    const libcriuVersion = this.#rpc("libcriu", { type: Type.VERSION, imagesDirFd: 0 });
    const features = ALL_FEATURES;
    const goFeatures = this.#rpc("go-criu", { type: Type.FEATURE_CHECK, imagesDirFd: null, features });
    const libcriuFeatures = this.#rpc("libcriu", { type: Type.FEATURE_CHECK, imagesDirFd: 0, features });
    this.#rpc("libcriu", { type: Type.CHECK, imagesDirFd: null });
    this.#rpc("pycriu", { type: Type.CHECK, imagesDirFd: -1 });
    const memDirtyTrack = this.#command("lxc", ["check", "--feature", "mem_dirty_track"]);
    const uffdNoncoop = this.#command("lxc", ["check", "--feature", "uffd-noncoop"]);
    const fault = this.asked.find(({ client, succeeded }) => client === "go-criu" && !succeeded);
    return {
      versionLine: versionLine?.code === 0 ? versionLine.words.split("\n")[0] ?? null : null,
      goVersion: goVersion?.version ?? null,
      libcriuVersion: libcriuVersion?.version ?? null,
      goFeatures: goFeatures?.features ?? null,
      libcriuFeatures: libcriuFeatures?.features ?? null,
      memDirtyTrack: exitedWell(memDirtyTrack),
      uffdNoncoop: exitedWell(uffdNoncoop),
      why: fault ? fault.answer : "it gave no such answer",
    };
  }

  /** The answer, if it is a success also to the client; null otherwise. */
  #rpc(client: string, question: Question): Response | null {
    const names = question.features ? ` ${Object.values(FEATURE_NAMES).join(" ")}` : "";
    const start = performance.now();
    const text = `${typeName(question.type)}${names}`;
    if (this.hung) return this.#note(client, text, false, NOT_ASKED, start), null;
    const answer = askBySwrk(this.#sys, this.#path, question);
    if (answer.response === null) {
      this.hung = answer.hung;
      return this.#note(client, text, false, answer.why, start), null;
    }
    const { response, exit, words } = answer;
    // Where it starts, and says no word, it is that.
    const bare = !response.success && !response.message;
    const known = !bare
      ? ""
      : words !== ""
      ? `; on stderr: ${words}`
      : question.type === Type.CHECK
      ? `; ${CHECK_BEFORE_4_2}`
      : "";
    const said = `${responseText(response)}${exit === null ? "" : `; then ${exit}`}${known}`;
    this.#note(client, text, response.success && exit === null, said, start);
    return response.success && exit === null ? response : null;
  }

  #command(client: string, args: readonly string[]): CommandAnswer | null {
    const start = performance.now();
    const text = `criu ${args.join(" ")}`;
    if (this.hung) return this.#note(client, text, false, NOT_ASKED, start), null;
    const answer = askByCommand(this.#sys, this.#path, args);
    if (answer.code === null) {
      this.hung = answer.hung;
      return this.#note(client, text, false, answer.why, start), null;
    }
    const words = answer.code === 0 ? visible(answer.words.trim().split("\n")[0] ?? "") : lastWords(answer.words);
    const end = answer.code === 0 ? "" : `exit code ${answer.code}`;
    // For a feature, 1 is an answer: lxc knows no other.
    const succeeded = answer.code === 0 || (answer.code === 1 && args[0] === "check");
    this.#note(client, text, succeeded, [end, words].filter((one) => one !== "").join(": "), start);
    return answer;
  }

  #note(client: string, question: string, succeeded: boolean, answer: string, start: number): void {
    const durationMs = Math.round(performance.now() - start);
    this.asked.push({ client, question, succeeded, answer, durationMs });
  }
}

/** No client library sends a folder with a CHECK. */
const CHECK_BEFORE_4_2 = "criu before 4.2 answers so where no folder for images is sent along (criu#2758)";
const CHECK_MENDED = 40200;
const NOT_ASKED = "not asked, since it did not answer before";

function exitedWell(answer: CommandAnswer | null): boolean | null {
  return answer === null || answer.code === null ? null : answer.code === 0;
}

function responseText({ success, errno, message, features, version }: Response): string {
  if (!success) {
    const why = [message ? visible(message) : "without a reason", errno ? `errno ${errno}` : ""];
    return `success=false, ${why.filter((one) => one !== "").join(", ")}`;
  }
  if (version) return `${versionText(version)}, as a number ${versionNumber(version)}`;
  if (features) {
    return (Object.keys(FEATURE_NAMES) as (keyof Features)[])
      .map((name) => `${FEATURE_NAMES[name]}=${features[name]}`).join(" ");
  }
  return "success=true";
}

/**
 * Whether all is well: criu answers what it is asked and nothing of it contradicts cready, no break is known that needs
 * no more than kernel and criu, and every engine that is installed here would go on with it, and not by mistake.
 */
export function isWell({ path, version, asked, engines, features, breaks }: Diagnosis): boolean {
  const oldCheck = version !== null && version.number < CHECK_MENDED;
  return path !== null &&
    asked.every(({ question, succeeded }) => succeeded || (oldCheck && question === typeName(Type.CHECK))) &&
    features.every(({ criu, cready }) => criu === (cready.verdict === "SUPPORTED")) &&
    breaks.every(({ depends }) => depends) &&
    engines.every(({ installed, answer, misled }) => !installed || (answer !== "NO" && misled.length === 0));
}
