import type { Evidence, Sys } from "../ffi/sys.ts";
import type { Subject, SubjectOptions } from "../ffi/subject.ts";
import type { Capability } from "../host/capability.ts";
import type { Host, NamespaceKind } from "../host/host.ts";

/**
 * Would CRIU, started here with these rights, get it? SUPPORTED: yes, seen. UNSUPPORTED: the kernel lacks
 * it, proven. BLOCKED: refused here by the cause named, whatever the kernel has. INCONCLUSIVE: none of these
 * could be shown.
 */
export type Verdict = "SUPPORTED" | "UNSUPPORTED" | "BLOCKED" | "INCONCLUSIVE";

/** criu's categories 1 to 4. */
export type CategoryName = "REQUIRED" | "EXTRA" | "EXPERIMENTAL" | "OPTIONAL";

/** What is asked: the kernel, how criu was built, or a program on this host. */
export type SubjectKind = "KERNEL" | "CRIU_BUILD" | "HOST_TOOL";

/** Why something is missing or refused. */
export type Cause =
  | "KERNEL_TOO_OLD"
  | "CONFIG_OFF"
  | "MODULE_ABSENT"
  | "MODULE_NOT_LOADED"
  | "SYSCTL"
  | "CAPABILITY"
  | "SECCOMP"
  | "LSM"
  | "LOCKDOWN"
  | "MOUNT"
  | "DEVICE"
  | "LIMIT"
  | "BOOT_OPTION"
  | "TOOL"
  | "ARCHITECTURE"
  | "UNDETERMINED";

/** What would mend or decide it. cready never does it. */
export interface Remedy {
  readonly cause: Cause;
  /** What was found, one sentence without a full stop. */
  readonly why: string;
  /** What mends it, one sentence without a full stop. */
  readonly text: string;
  /** The command that does it, where there is one. */
  readonly command: string | null;
}

/** What a use of the feature needs beside the kernel; the first that is verified to be missing explains a refusal. */
export type Right =
  /**
   * A capability (or one of several) over the initial user namespace, over our own one, which is enough for making
   * namespaces, or over the owner of one of our namespaces.
   */
  | { readonly capability: Capability | readonly Capability[]; readonly over: "initial" | "own" | NamespaceKind }
  /** A sysctl below /proc/sys within bounds; `unless` is a capability that makes it not matter. */
  | { readonly sysctl: string; readonly min?: number; readonly max?: number; readonly unless?: Capability }
  /** A mount that must be writable. */
  | { readonly writable: string };

/** A wrong answer that CRIU is known to give from the same facts; a row of docs/differences.md. */
export interface CriuFault {
  /** Our verdicts for which criu's differs. */
  readonly when: readonly Verdict[];
  /** Where the verdict alone does not tell: whether this answer and the calls it rests on are the case meant. */
  readonly applies?: (answer: Answer, evidence: readonly Evidence[]) => boolean;
  /** True where criu answers as we do when asked with --feature. */
  readonly onlyInCategory?: true;
  /** What criu says then. */
  readonly says: Verdict;
  /** Why, one sentence without a full stop. */
  readonly why: string;
  /** How to see it: a command line or a situation. */
  readonly reproduce: string;
}

/** What is known of one thing that CRIU needs. Every text of cready about it is a projection of this. */
export interface Feature {
  /** Stable for ever; also the name of the probe's file. */
  readonly id: string;
  /** The name that `criu check --feature` knows; null where criu gives none. */
  readonly criuName: string | null;
  /** A noun phrase. */
  readonly title: string;
  /** Null for those that only `--feature` reaches. */
  readonly category: CategoryName | null;
  readonly subject: SubjectKind;
  /** First mainline kernel that has it, such as `5.6`; never decides a verdict. Null where no kernel matters. */
  readonly since: string | null;
  /** What CRIU cannot do without it, one clause without a full stop. */
  readonly impact: string;
  /** Kernel options that give it; the first is the one to name. */
  readonly kconfig: readonly string[];
  /** Modules that give it where an option is `=m`. */
  readonly modules: readonly string[];
  /** What a use of it needs, likeliest cause of a refusal first. */
  readonly rights: readonly Right[];
  /** What mends an absence when nothing more precise is found, one sentence without a full stop. */
  readonly mend: string;
  /** man pages (`man:kcmp(2)`), kernel files and commits (`linux:fs/proc/base.c`), CRIU sources (`criu:check_kcmp`). */
  readonly references: readonly string[];
  /** Modules that asking may make the kernel load by itself. */
  readonly autoloads: readonly string[];
  /**
   * Architectures that do not have it by design: why, a clause, and what to do there. It is asked all the same; where it
   * is missing there, its absence is told and does not count.
   */
  readonly notOn?: Readonly<Record<string, { readonly why: string; readonly text: string }>>;
  /** Known wrong answers of CRIU 4.2. */
  readonly criuFaults: readonly CriuFault[];
  /** Why one probe may take longer than 15 ms; absent for the others. */
  readonly slow?: string;
}

/** A feature and how to ask for it. */
export interface Probe extends Feature {
  /** Names of the errnos that prove, from an unfiltered call, that the kernel lacks it. */
  readonly absentOn: readonly string[];
  /** A global function of the kernel that is there exactly when the feature is: the second witness under seccomp. */
  readonly symbol?: string;
  /** False where criu leaves the check out of its category on such a machine; `--feature` asks all the same. */
  appliesHere?(host: Host): boolean;
  /**
   * Begins, before the checks in front of this one are made, what the kernel takes long for; disposed of when all is
   * asked. Only time depends on it: whatever it throws is forgotten.
   */
  prepare?(kernel: Kernel): Disposable;
  /** Reads from top to bottom: make the situation, ask, look. A `SysError` is judged by the runner. */
  run(kernel: Kernel): Answer;
}

/** What a probe may use. */
export interface Kernel {
  readonly sys: Sys;
  readonly host: Host;
  /** This process. */
  readonly pid: number;
  /** The criu that the caller named; null for the one in PATH. */
  readonly criu: string | null;
  /** Makes a disposable child, stopped and traced. */
  subject(options?: SubjectOptions): Subject;
}

/** A probe's own answer, before it becomes a finding. */
export type Answer =
  | { readonly verdict: "SUPPORTED" }
  | { readonly verdict: "UNSUPPORTED" | "INCONCLUSIVE"; readonly reason: string; readonly remedies?: readonly Remedy[] }
  | { readonly verdict: "BLOCKED"; readonly reason: string; readonly remedies: readonly [Remedy, ...Remedy[]] };

/** Yes, seen. */
export function supported(): Answer {
  return { verdict: "SUPPORTED" };
}

/** The kernel lacks it, and what was seen proves it. */
export function unsupported(reason: string, remedies?: readonly Remedy[]): Answer {
  return remedies ? { verdict: "UNSUPPORTED", reason, remedies } : { verdict: "UNSUPPORTED", reason };
}

/** Refused here by a cause that was verified. */
export function blocked(reason: string, remedy: Remedy, ...more: Remedy[]): Answer {
  return { verdict: "BLOCKED", reason, remedies: [remedy, ...more] };
}

/** As `unsupported`, where a seccomp filter that made up a success would look the same. */
export function lacking(host: Host, reason: string, remedies?: readonly Remedy[]): Answer {
  return host.filtered ? inconclusive(reason) : unsupported(reason, remedies);
}

/** Could not be shown either way. */
export function inconclusive(reason: string, remedies?: readonly Remedy[]): Answer {
  return remedies ? { verdict: "INCONCLUSIVE", reason, remedies } : { verdict: "INCONCLUSIVE", reason };
}

/** Declares a probe; the type makes an incomplete record an error. */
export function defineProbe(probe: Probe): Probe {
  return probe;
}

/** What criu concludes where it differs. */
export interface CriuAnswer {
  /** Of the criu whose behaviour is described. */
  readonly version: string;
  readonly verdict: Verdict;
  readonly why: string;
}

/** An answer, and what it rests on. */
export interface Finding {
  readonly feature: Feature;
  readonly verdict: Verdict;
  /** One sentence; null when SUPPORTED. */
  readonly reason: string | null;
  /** The calls that decided, in order. */
  readonly evidence: readonly Evidence[];
  /** What would mend or decide it, likeliest first; worked out when first read. */
  readonly remedies: readonly Remedy[];
  readonly criuDiffers: CriuAnswer | null;
  /** RFC 3339, UTC. */
  readonly probedAt: string;
  readonly durationMs: number;
}
