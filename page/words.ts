/** The schema's names in words for people. */
import type { CategoryName, Feature, Host, Outcome, Scope, Verdict } from "./model.ts";

/** Worst first, as they are listed. */
export const VERDICTS: Readonly<Record<Verdict, { readonly word: string; readonly means: string }>> = {
  UNSUPPORTED: { word: "unsupported", means: "The kernel lacks it: proven." },
  BLOCKED: { word: "blocked", means: "Refused here by a cause that was verified, whatever the kernel has." },
  INCONCLUSIVE: { word: "inconclusive", means: "It could not be shown either way." },
  SUPPORTED: { word: "supported", means: "CRIU, started here with these rights, gets it: seen." },
};

export const OUTCOMES: Readonly<Record<Outcome, string>> = {
  GOOD: "Good",
  MAYBE: "Maybe",
  BAD: "Bad",
  UNKNOWN: "Unknown",
};

export const SCOPES: Readonly<Record<Scope, string>> = {
  ALL: "all categories",
  REQUIRED: "required",
  EXTRA: "required and extra",
  EXPERIMENTAL: "required and experimental",
};

export const CATEGORIES: Readonly<Record<CategoryName, string>> = {
  REQUIRED: "Required",
  EXTRA: "Extra",
  EXPERIMENTAL: "Experimental",
  OPTIONAL: "Optional",
};

export const CAUSES: Readonly<Record<string, string>> = {
  KERNEL_TOO_OLD: "kernel too old",
  CONFIG_OFF: "kernel option off",
  MODULE_ABSENT: "module absent",
  MODULE_NOT_LOADED: "module not loaded",
  SYSCTL: "sysctl",
  CAPABILITY: "capability",
  SECCOMP: "seccomp filter",
  LSM: "security module",
  LOCKDOWN: "kernel lockdown",
  MOUNT: "mount",
  DEVICE: "device",
  LIMIT: "limit",
  BOOT_OPTION: "boot option",
  TOOL: "tool",
  ARCHITECTURE: "architecture",
  UNDETERMINED: "cause not verified",
};

export const SUBJECTS: Readonly<Record<string, string>> = {
  KERNEL: "the running kernel",
  CRIU_BUILD: "how the installed criu was built",
  HOST_TOOL: "a program on this host",
};

/** The categories that a scope asks, as criu's flags do. */
export function inScope({ category }: Feature, scope: Scope): boolean {
  if (!category) return false;
  const { name } = category;
  return name === "REQUIRED" || name === "OPTIONAL" || scope === "ALL" || scope === name;
}

/** With which rights the kernel is asked, in one line. */
export function rightsOf({ privilege }: Host): string {
  const { uid, capabilities, seccompFilters, initialUserNamespace, container } = privilege;
  const filters = seccompFilters === null
    ? "seccomp filters"
    : seccompFilters === 0
    ? "no seccomp filter"
    : counted(seccompFilters, "seccomp filter");
  return [
    uid === 0 ? "root" : `uid ${uid}`,
    capabilities.length === 0 ? "no capabilities" : counted(capabilities.length, "capability", "capabilities"),
    filters,
    initialUserNamespace ? "the initial user namespace" : "a user namespace of its own",
    container === null ? "no container seen" : `in a ${container} container`,
  ].join(" · ");
}

/** A text for the eye: characters that would be obeyed, or that turn or hide others, as `\\xNN` or `\\uNNNN`. */
export function visible(text: string): string {
  // deno-lint-ignore no-control-regex -- control bytes are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (char) => {
    const hex = char.charCodeAt(0).toString(16);
    return hex.length <= 2 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`;
  });
}

/** "1 check", "2 checks". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Milliseconds as a person reads them. */
export function lasted(ms: number): string {
  return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** The time of day, here. */
export function timeOf(date: string | Date): string {
  return new Date(date).toLocaleTimeString("en-GB");
}
