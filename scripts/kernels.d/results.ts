import { existsSync, readdirSync, readFileSync } from "node:fs";

/** One command that a job ran in a guest. */
export interface Ran {
  /** 137: killed after the job's time limit. */
  readonly rc: number;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

/** What `cready check --json` printed, as far as the comparison needs it. */
export interface Report {
  readonly outcome: string;
  readonly sentence: string;
  readonly findings: readonly ReportFinding[];
}

export interface ReportFinding {
  readonly feature: {
    readonly id: string;
    readonly criuName: string | null;
    readonly category: { readonly name: string } | null;
  };
  readonly verdict: "SUPPORTED" | "UNSUPPORTED" | "BLOCKED" | "INCONCLUSIVE";
  readonly reason: string | null;
  readonly remedies: readonly { readonly cause: string; readonly why: string }[];
  readonly criuDiffers: { readonly version: string; readonly verdict: string; readonly why: string } | null;
}

/** What the real criu said in a guest. */
export interface CriuResult {
  readonly version: string;
  /** It ended in its start-up, before any check: it wrote no cache. Then its exit codes say nothing. */
  readonly died: boolean;
  readonly check: Ran;
  readonly extra: Ran;
  readonly all: Ran;
  /** `criu check --feature NAME` by name, in criu's own order; only the first where criu died. */
  readonly features: ReadonlyMap<string, Ran>;
}

/** One run of a guest. */
export interface RunResult {
  readonly kernel: string;
  readonly variant: string;
  /** As uname -r prints it. */
  readonly release: string;
  readonly architecture: string;
  /** False when the guest gave no result: then there is no `cready` and no `criu`. */
  readonly ended: boolean;
  readonly tries: number;
  readonly seconds: number;
  /** Every command recorded under cready/, by its name there; empty where the job had none. */
  readonly cready: ReadonlyMap<string, Ran>;
  /** The parsed output of `check --all --json`; null where it is no report. */
  readonly all: Report | null;
  /** The findings of `check --json --feature a,b,…`, mostly names that `all` lacks; null where there are none. */
  readonly named: readonly ReportFinding[] | null;
  readonly criu: CriuResult | null;
  /** The kernel's configuration, without the CONFIG_ in front; what is not set is absent. */
  readonly config: ReadonlyMap<string, string>;
  /** Names of the loaded modules: before ours, between ours and criu, after criu. */
  readonly modules: {
    readonly before: readonly string[];
    readonly between: readonly string[];
    readonly after: readonly string[];
  };
}

/** Reads one run's folder, KERNEL-VARIANT, as `scripts/kernels boot` leaves it. */
export function readRun(folder: string): RunResult {
  const run = JSON.parse(readFileSync(`${folder}/run.json`, "utf8"));
  const cready = readRecords(`${folder}/cready`);
  return {
    kernel: run.kernel,
    variant: run.variant,
    release: run.release,
    architecture: run.architecture,
    ended: run.ended,
    tries: run.tries,
    seconds: run.seconds,
    cready,
    all: parseReport(cready.get("all")?.out),
    named: parseNamed(cready.get("features")?.out),
    criu: readCriu(`${folder}/criu`),
    config: parseConfig(textOf(`${folder}/facts/config`)),
    modules: {
      before: moduleNames(`${folder}/facts/modules.before`),
      between: moduleNames(`${folder}/facts/modules.between`),
      after: moduleNames(`${folder}/facts/modules.after`),
    },
  };
}

/** Reads all runs under a folder, ordered by name. */
export function readRuns(folder: string): readonly RunResult[] {
  return readdirSync(folder).sort().filter((name) => existsSync(`${folder}/${name}/run.json`)).map((name) =>
    readRun(`${folder}/${name}`)
  );
}

/** What criu answered about a feature; null where it died, was killed or does not know the name. */
export function criuSays(criu: CriuResult, feature: string): boolean | null {
  const ran = criu.features.get(feature);
  if (criu.died || ran === undefined || ran.rc > 1 || ran.err.includes(`Unknown feature ${feature}`)) return null;
  return ran.rc === 0;
}

function readCriu(folder: string): CriuResult | null {
  const runs = readRecords(folder);
  const check = runs.get("check"), extra = runs.get("extra"), all = runs.get("all");
  if (!check || !extra || !all) return null;
  return {
    version: runs.get("version")?.out.match(/^Version: (.*)$/m)?.[1] ?? "",
    died: textOf(`${folder}/kdat`).trim() !== "yes",
    check,
    extra,
    all,
    features: new Map(
      textOf(`${folder}/features`).split("\n").filter(Boolean).flatMap((name) => {
        const ran = readRecord(`${folder}/feature/${name}`);
        return ran ? [[name, ran]] : [];
      }),
    ),
  };
}

function readRecords(folder: string): ReadonlyMap<string, Ran> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder).filter((name) => name.endsWith(".rc")).map((name) => name.slice(0, -3)).sort();
  return new Map(names.flatMap((name) => {
    const ran = readRecord(`${folder}/${name}`);
    return ran ? [[name, ran]] : [];
  }));
}

function readRecord(path: string): Ran | null {
  if (!existsSync(`${path}.rc`)) return null;
  return {
    rc: Number(textOf(`${path}.rc`)),
    out: textOf(`${path}.out`),
    err: textOf(`${path}.err`),
    ms: Number(textOf(`${path}.ms`)),
  };
}

function parseReport(text: string | undefined): Report | null {
  try {
    const value = JSON.parse(text ?? "");
    return Array.isArray(value?.findings) ? value : null;
  } catch {
    return null;
  }
}

/** Feature by feature, each with its finding: schema/features.graphql. */
function parseNamed(text: string | undefined): ReportFinding[] | null {
  try {
    const value = JSON.parse(text ?? "");
    if (!Array.isArray(value)) return null;
    return value.map(({ finding, ...feature }) => ({ feature, ...finding }));
  } catch {
    return null;
  }
}

/** Parses a kernel's .config. */
export function parseConfig(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^CONFIG_(\w+)=(.*)$/gm)].map((line) => [line[1] ?? "", line[2] ?? ""]));
}

function moduleNames(path: string): readonly string[] {
  return textOf(path).split("\n").map((line) => line.split(" ")[0] ?? "").filter(Boolean).sort();
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
