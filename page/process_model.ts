/** What the documents about processes answer; the names are the schema's. */

export type DumpVerdict = "DUMPABLE" | "NEEDS_OPTIONS" | "BLOCKED" | "UNKNOWN";
export type RestoreVerdict = "EXPECTED" | "STATE_LOST" | "AT_RISK" | "REFUSED" | "UNKNOWN";
export type Stage = "DUMP" | "RESTORE";
export type Effect = "REFUSED" | "NEEDS_OPTION" | "NEEDS_FEATURE" | "UNKNOWN" | "LOST" | "RISK";
export type PlanEngine = "CRIU" | "RUNC" | "CRUN" | "PODMAN" | "CRIO" | "CONTAINERD";

/** A root of a tree, as it is listed. */
export interface Listed {
  readonly id: string;
  readonly pid: number;
  readonly name: string;
  readonly uid: number | null;
  readonly cgroup: string | null;
}

/** A process in a tree. */
export interface Child {
  readonly id: string;
  readonly pid: number;
  readonly name: string;
  readonly threads: number;
  /** Whether there are any is all that is known of them. */
  readonly children: readonly { readonly id: string }[];
}

export interface Obstacle {
  readonly rule: string;
  readonly stage: Stage;
  readonly effect: Effect;
  readonly process: { readonly id: string; readonly pid: number; readonly name: string };
  readonly subject: string;
  readonly reason: string;
  readonly message: string | null;
  readonly options: readonly string[];
  readonly features: readonly { readonly id: string }[];
  readonly remedy: string | null;
}

/** What a look at a tree says. */
export interface Inspection {
  readonly process: Listed & { readonly threads: number; readonly children: readonly Child[] };
  readonly dump: DumpVerdict;
  readonly restore: RestoreVerdict;
  readonly command: string | null;
  readonly options: readonly {
    readonly text: string;
    readonly effect: string;
    readonly instead: readonly string[];
    readonly obstacles: readonly { readonly process: { readonly pid: number }; readonly subject: string }[];
    readonly obstaclesTotal: number;
  }[];
  readonly obstacles: readonly Obstacle[];
  readonly obstaclesTotal: number;
  readonly unreadable: readonly { readonly path: string; readonly errno: string; readonly needs: string | null }[];
  readonly assumptions: readonly string[];
  readonly criu: { readonly version: string; readonly path: string | null };
  readonly engine: PlanEngine;
  readonly tasks: number;
  readonly durationMs: number;
}
