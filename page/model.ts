/** What the documents of documents.ts answer; the names are the schema's. */

export type Verdict = "SUPPORTED" | "UNSUPPORTED" | "BLOCKED" | "INCONCLUSIVE";
export type Outcome = "GOOD" | "MAYBE" | "BAD" | "UNKNOWN";
export type Scope = "REQUIRED" | "EXTRA" | "EXPERIMENTAL" | "ALL";
export type CategoryName = "REQUIRED" | "EXTRA" | "EXPERIMENTAL" | "OPTIONAL";

/** The machine, and the rights with which it is asked. */
export interface Host {
  readonly kernel: string;
  readonly architecture: string;
  readonly privilege: {
    readonly uid: number;
    readonly capabilities: readonly string[];
    readonly seccompFilters: number | null;
    readonly initialUserNamespace: boolean;
    readonly container: string | null;
  };
}

export interface Category {
  readonly name: CategoryName;
  readonly number: number;
  readonly description: string;
}

/** What is known of a check, whatever this machine answers. */
export interface Feature {
  readonly id: string;
  readonly criuName: string | null;
  readonly title: string;
  /** Null where only `criu check --feature` reaches it. */
  readonly category: { readonly name: CategoryName } | null;
  readonly subject: string;
  readonly since: string | null;
  readonly impact: string;
  readonly references: readonly string[];
}

/** An answer of this machine. */
export interface Finding {
  readonly feature: { readonly id: string };
  readonly verdict: Verdict;
  readonly reason: string | null;
  readonly evidence: readonly { readonly call: string; readonly answer: string; readonly errno: string | null }[];
  readonly remedies: readonly {
    readonly cause: string;
    readonly why: string;
    readonly text: string;
    readonly command: string | null;
  }[];
  readonly criuDiffers: { readonly version: string; readonly verdict: Verdict; readonly why: string } | null;
  readonly probedAt: string;
  readonly durationMs: number;
}

/** What a check came to. */
export interface Report {
  readonly scope: Scope;
  readonly outcome: Outcome;
  readonly sentence: string;
  readonly durationMs: number;
}

/** What is there to be asked, and where. */
export interface Machine {
  readonly host: Host;
  readonly categories: readonly Category[];
  readonly features: readonly Feature[];
}
