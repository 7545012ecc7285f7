/** The schema's names about processes in words for people. */
import type { DumpVerdict, Effect, PlanEngine, RestoreVerdict } from "./process_model.ts";

/** A verdict in words; `tone` is its sign and colour. */
export interface Told {
  readonly tone: "GOOD" | "MAYBE" | "BLOCKED" | "BAD" | "UNKNOWN";
  readonly word: string;
  readonly means: string;
}

export const DUMP: Readonly<Record<DumpVerdict, Told>> = {
  DUMPABLE: { tone: "GOOD", word: "can be dumped", means: "criu dump succeeds as it is." },
  NEEDS_OPTIONS: { tone: "MAYBE", word: "needs options", means: "criu dump succeeds with the options below." },
  BLOCKED: { tone: "BLOCKED", word: "cannot be dumped", means: "criu dump fails, whatever option is given." },
  UNKNOWN: { tone: "UNKNOWN", word: "cannot be told", means: "Something that decides it could not be seen." },
};

export const RESTORE: Readonly<Record<RestoreVerdict, Told>> = {
  EXPECTED: { tone: "GOOD", word: "expected", means: "All that criu knows of is there again." },
  STATE_LOST: { tone: "MAYBE", word: "state is lost", means: "It succeeds, and some state is not there again." },
  AT_RISK: {
    tone: "MAYBE",
    word: "at risk",
    means: "It succeeds only if something outside of the tree is as it was.",
  },
  REFUSED: { tone: "BAD", word: "refused", means: "criu restore fails." },
  UNKNOWN: { tone: "UNKNOWN", word: "cannot be told", means: "Something that decides it could not be seen." },
};

export const EFFECTS: Readonly<Record<Effect, string>> = {
  REFUSED: "no option helps",
  NEEDS_OPTION: "an option helps",
  NEEDS_FEATURE: "a feature is missing",
  UNKNOWN: "cannot be told",
  LOST: "lost at restore",
  RISK: "at risk",
};

export const ENGINES: Readonly<Record<PlanEngine, string>> = {
  CRIU: "criu",
  RUNC: "runc",
  CRUN: "crun",
  PODMAN: "podman",
  CRIO: "the kubelet with CRI-O",
  CONTAINERD: "the kubelet with containerd",
};

/** Whose process it is. */
export function ownerOf(uid: number | null): string {
  return uid === null ? "owner unknown" : uid === 0 ? "root" : `uid ${uid}`;
}
