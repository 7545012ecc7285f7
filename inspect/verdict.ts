import type { Finding } from "../probes/probe.ts";
import { type RuleId, ruleNamed } from "../rules/registry.ts";
import { PROFILES } from "./engines/profile.ts";
import type { Look } from "./look.ts";
import type { Obstacle } from "./obstacle.ts";
import { chooseOptions, type DumpOption } from "./options.ts";
import { inOneTaskStep } from "./order.ts";
import type { DumpPlan } from "./plan.ts";
import { metByPreDump } from "./pre_dump.ts";
import type { Task, Unreadable } from "./task.ts";
import type { Tree } from "./tree.ts";

/** What a real dump would do. */
export type DumpVerdict = "DUMPABLE" | "NEEDS_OPTIONS" | "BLOCKED" | "UNKNOWN";
/** What would become of the tree at a restore on this host. */
export type RestoreVerdict = "EXPECTED" | "STATE_LOST" | "AT_RISK" | "REFUSED" | "UNKNOWN";

/** The answer about one tree, as schema/process.graphql has it. */
export interface Inspection {
  readonly tree: Tree;
  readonly process: Task;
  readonly plan: DumpPlan;
  readonly dump: DumpVerdict;
  readonly restore: RestoreVerdict;
  readonly options: readonly DumpOption[];
  /** In criu's order of work, so that the first one with a message is what criu would print. */
  readonly obstacles: readonly Obstacle[];
  readonly unreadable: readonly Unreadable[];
  readonly assumptions: readonly string[];
  /** From the first look to this conclusion, milliseconds. */
  readonly durationMs: number;
}

/** The answers of the probes that the obstacles depend on, by id. */
export type Findings = ReadonlyMap<string, Finding>;

/** The ids of the probes that must have been asked before `conclude`. */
export function featuresNeeded({ report }: Look): Set<string> {
  return new Set(report.obstacles.flatMap(({ effect, features }) => (effect === "NEEDS_FEATURE" ? features : [])));
}

/** Turns what the judges saw into verdicts and options. */
export function conclude({ tree, report, startedAt }: Look, findings: Findings): Inspection {
  const { plan } = tree.around;
  const position = new Map(tree.tasks.map((task, i) => [task, i]));
  const settled = report.obstacles.filter((one) => !plan.preDump || one.stage === "RESTORE" || metByPreDump(one.rule))
    .flatMap((one) => settle(one, findings));
  const place = (one: Obstacle): number => position.get(one.task) ?? 0;
  settled.sort((a, b) =>
    (inOneTaskStep(a.order, b.order))
      ? place(a) - place(b) || a.order - b.order
      : a.order - b.order || place(a) - place(b)
  );
  const { options, left: open } = chooseOptions(settled, plan);
  const left = [...open, ...consequences(tree, options)];
  const { unreadable } = tree;
  return {
    tree,
    process: tree.root,
    plan,
    dump: dumpVerdict(left, options, unreadable, plan),
    restore: restoreVerdict(left, unreadable),
    options,
    obstacles: left,
    unreadable,
    assumptions: [...report.assumptions],
    durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
  };
}

/** What is left outside by an option of the dump, and what somebody has to do for it at restore. */
const OUTSIDE: Readonly<Record<string, { readonly rule: RuleId; readonly noun: string; readonly reason: string }>> = {
  net: { rule: "ns-net-external", noun: "network namespace", reason: "it must be given to restore with --inherit-fd" },
  pid: { rule: "ns-pid-external", noun: "pid namespace", reason: "it must be given to restore with --inherit-fd" },
  mnt: {
    rule: "mnt-external-missing",
    noun: "mount",
    reason: "restore must be told with --external what to mount there, and that must be as it is now",
  },
};

/** What restore depends on because of the options that the dump needs. */
function consequences(tree: Tree, options: readonly DumpOption[]): Obstacle[] {
  return options.flatMap(({ text }) => {
    const found = /^--external ([a-z]+)\[(.*?)\]/s.exec(text);
    const outside = found ? OUTSIDE[found[1]!] : undefined;
    if (!found || !outside) return [];
    return [{
      rule: outside.rule,
      stage: "RESTORE",
      effect: "RISK",
      task: tree.root,
      subject: `${outside.noun} ${found[2]}`.trim(),
      reason: outside.reason,
      message: null,
      options: [],
      features: [],
      remedy: null,
      order: Infinity,
    }];
  });
}

/** An obstacle once the kernel has been asked for what would lift it: none, itself, or one that is certain. */
function settle(obstacle: Obstacle, findings: Findings): Obstacle[] {
  if (obstacle.effect !== "NEEDS_FEATURE") return [obstacle];
  const verdicts = obstacle.features.map((id) => findings.get(id)?.verdict ?? "INCONCLUSIVE");
  if (verdicts.every((verdict) => verdict === "SUPPORTED")) return [];
  const certain = verdicts.some((verdict) => verdict === "UNSUPPORTED" || verdict === "BLOCKED");
  const missing = obstacle.features.filter((_, i) => verdicts[i] !== "SUPPORTED");
  const known = obstacle.without ?? (obstacle.options.length > 0 ? "NEEDS_OPTION" : "REFUSED");
  const effect = certain ? known : "UNKNOWN";
  return [{ ...obstacle, effect, features: missing }];
}

function dumpVerdict(
  obstacles: readonly Obstacle[],
  options: readonly DumpOption[],
  unreadable: readonly Unreadable[],
  plan: DumpPlan,
): DumpVerdict {
  const dump = obstacles.filter(({ stage }) => stage === "DUMP");
  if (dump.some(({ effect }) => effect === "REFUSED")) return "BLOCKED";
  if (dump.some(({ effect }) => effect === "UNKNOWN") || unreadable.length > 0) return "UNKNOWN";
  if (options.length === 0) return "DUMPABLE";
  // Who asks these engines for a checkpoint can give no option: as they are configured, the dump is refused.
  return plan.engine !== "CRIU" && !PROFILES[plan.engine].callable ? "BLOCKED" : "NEEDS_OPTIONS";
}

function restoreVerdict(obstacles: readonly Obstacle[], unreadable: readonly Unreadable[]): RestoreVerdict {
  const restore = obstacles.filter((one) => one.stage === "RESTORE" || ruleNamed(one.rule).stage === "BOTH");
  const any = (effect: string) => restore.some((one) => one.effect === effect);
  if (any("REFUSED")) return "REFUSED";
  if (any("UNKNOWN") || unreadable.length > 0) return "UNKNOWN";
  if (any("RISK")) return "AT_RISK";
  return any("LOST") ? "STATE_LOST" : "EXPECTED";
}
