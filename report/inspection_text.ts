import { commandOf } from "../inspect/command.ts";
import type { PlanOf } from "../inspect/engines/plan.ts";
import { PROFILES } from "../inspect/engines/profile.ts";
import type { Obstacle } from "../inspect/obstacle.ts";
import { parseOption } from "../inspect/options.ts";
import { processOf } from "../inspect/process.ts";
import { quoted } from "../inspect/quoted.ts";
import type { DumpVerdict, Inspection } from "../inspect/verdict.ts";

/** Objects of one kind that are named one by one; what is beyond is counted. */
const NAMED = 8;
const COLUMN = 22;
const LABEL = 13;

/** What `cready inspect` says to people. */
export function inspectionText(inspection: Inspection, planOf: PlanOf): string {
  const parts = [
    head(inspection, planOf),
    dumpPart(inspection, planOf),
    inspection.dump === "BLOCKED" ? "" : restorePart(inspection),
    unreadablePart(inspection),
    footPart(inspection, planOf),
  ];
  const command = commandOf(inspection, planOf);
  if (command !== null) parts.push(`${command}\n`);
  return parts.filter((part) => part !== "").join("\n");
}

function head({ tree, process }: Inspection, { container, configs, configFile }: PlanOf): string {
  const { pid, name, uid, cgroup } = processOf(process);
  if (container) {
    const { engine } = tree.around.plan;
    const engineName = engine === "CRIU" ? "" : PROFILES[engine].name;
    const runtime = engineName === container.runtime ? "" : `, by ${container.runtime}`;
    const read = configs.some(({ path }) => path === configFile);
    const file = configFile === null ? "" : `, ${quoted(configFile)}${read ? "" : ": not there"}`;
    return `${pid} ${name}   ${engineName} container ${quoted(container.id)}${runtime}${file}\n`;
  }
  const threads = tree.tasks.reduce((sum, task) => sum + Math.max(1, task.status.threads), 0);
  const group = cgroup === null || cgroup === "/" ? "" : `, ${cgroup}`;
  return `${pid} ${name}   ${count(tree.tasks.length, "task")}, ${count(threads, "thread")}, uid ${uid}${group}\n`;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

function dumpPart(inspection: Inspection, planOf: PlanOf): string {
  const { dump, options, obstacles, plan } = inspection;
  const atDump = obstacles.filter(({ stage }) => stage === "DUMP");
  if (dump === "DUMPABLE") return `Can be ${plan.preDump ? "pre-dumped" : "dumped"}\n`;
  const names = options.map(({ text }) => quoted(text)).join(" ");
  const refused = atDump.filter(({ effect }) => effect === "REFUSED");
  const lines: string[] = [];
  if (dump === "NEEDS_OPTIONS") lines.push(`Can be dumped with ${names}`);
  else if (dump === "BLOCKED" && refused.length === 0) lines.push(`${checkpointBy(plan.engine)} will be refused`);
  else if (dump === "BLOCKED") {
    lines.push("Cannot be dumped: no option helps");
    lines.push(...objects(refused, true));
  } else {
    lines.push("Cannot tell whether it can be dumped");
    lines.push(...objects(atDump.filter(({ effect }) => effect === "UNKNOWN"), true));
  }
  const heading = refused.length > 0 || dump === "UNKNOWN";
  if (heading && options.length > 0) lines.push("", "Needed beside that");
  for (const option of options) lines.push(...optionPart(option, planOf, plan.engine, dump));
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function checkpointBy(engine: Inspection["plan"]["engine"]): string {
  return engine === "CONTAINERD" || engine === "CRIO" ? "Checkpoint by the kubelet" : "The checkpoint";
}

function optionPart(
  { text, effect, instead, obstacles }: Inspection["options"][number],
  { configFile }: PlanOf,
  engine: Inspection["plan"]["engine"],
  dump: DumpVerdict,
): string[] {
  const lines = named(obstacles).map((line, i) => `  ${(i === 0 ? quoted(text) : "").padEnd(COLUMN - 3)} ${line}`);
  const message = obstacles.find((one) => one.message !== null)?.message;
  if (dump === "BLOCKED" && message) lines.push(`${"".padEnd(COLUMN)}criu will print: ${quoted(message)}`);
  const others = instead.length > 0 ? `or ${instead.map(quoted).join(", or ")}` : "";
  const note = [effect && `costs: ${effect}`, others].filter((one) => one !== "").join("; ");
  if (note) lines.push(`${"".padEnd(COLUMN)}${note}`);
  if (engine !== "CRIU" && configFile !== null) {
    const { name, value } = parseOption(text);
    const { flags, name: engineName } = PROFILES[engine];
    if (!flags.includes(name)) {
      const line = value === null ? name : `${name} ${value}`;
      lines.push(
        `${"".padEnd(COLUMN)}${engineName} cannot be given it: put ${quoted(line)} into ${quoted(configFile)}`,
      );
    }
  }
  return lines;
}

function restorePart({ restore, obstacles }: Inspection): string {
  const WORDS = {
    EXPECTED: "expected to succeed",
    STATE_LOST: "succeeds, but not all is there again",
    AT_RISK: "at risk",
    REFUSED: "will be refused",
    UNKNOWN: "cannot be told",
  } as const;
  const lines = objects(obstacles.filter(({ stage }) => stage === "RESTORE"), false);
  return [`Restore: ${WORDS[restore]}`, ...lines].map((line) => `${line}\n`).join("");
}

/** Each object in a line, what criu would print and what to do below the last one of its rule. */
function objects(obstacles: readonly Obstacle[], withMessage: boolean): string[] {
  const rules = new Map<string, Obstacle[]>();
  for (const one of obstacles) {
    const key = `${one.rule} ${one.effect} ${one.remedy}`;
    const same = rules.get(key);
    if (same) same.push(one);
    else rules.set(key, [one]);
  }
  return [...rules.values()].flatMap((same) => {
    const { rule, message, remedy } = same[0]!;
    const lines = named(same).map((line, i) => `  ${line}${i === 0 ? `   rule ${rule}` : ""}`);
    if (withMessage && message !== null) lines.push(`${"".padEnd(COLUMN)}criu will print: ${quoted(message)}`);
    if (remedy !== null) lines.push(`${"".padEnd(COLUMN)}${quoted(remedy)}`);
    return lines;
  });
}

function named(obstacles: readonly Obstacle[]): string[] {
  const lines = obstacles.slice(0, NAMED).map(({ task, subject, reason }) =>
    `${`${task.pid} ${quoted(subject)}`.padEnd(COLUMN - 3)} ${quoted(reason)}`
  );
  if (obstacles.length > NAMED) lines.push(`and ${obstacles.length - NAMED} more`);
  return lines;
}

function unreadablePart({ unreadable }: Inspection): string {
  if (unreadable.length === 0) return "";
  const lines = unreadable.slice(0, NAMED).map(({ path, errno, needs }) =>
    `  ${quoted(path)}: ${errno}${needs ? `, needs ${needs}` : ""}\n`
  );
  const more = unreadable.length > NAMED ? `  and ${unreadable.length - NAMED} more\n` : "";
  return `Could not be read\n${lines.join("")}${more}`;
}

function footPart({ tree, assumptions, obstacles }: Inspection, { configs, plan }: PlanOf): string {
  const { caller, criu } = tree.around;
  const program = criu.path === null
    ? `criu ${criu.version} (none is installed)`
    : `criu ${criu.version} (${quoted(criu.path)})`;
  const who = caller.euid === 0 ? "as root" : `as uid ${caller.euid}`;
  const files = configs.map(({ path, options }) =>
    `${quoted(path)}: ${
      options.map(({ name, value }) => quoted(value === null ? name : `${name} ${value}`)).join(", ") || "none"
    }`
  );
  const lines = [
    row("Judged for", [program, who, ...(files.length > 0 ? [`options from ${files.join("; ")}`] : [])].join(", ")),
  ];
  const external = plan.options.filter(({ name, from }) => name === "external" && (from === "runc" || from === "crun"));
  if (external.length > 0) {
    lines.push(row("Not obstacles", `${externalWords(external)} (${external[0]!.from} declares them external)`));
  }
  const { stops } = tree;
  if (stops) {
    lines.push(
      row(
        "Stopped",
        `${count(stops.byTid.size, "thread")} one after the other, none longer than ${stops.longestMs} ms`,
      ),
    );
  }
  if (assumptions.length > 0) {
    lines.push(row("Assumed", `${assumptions.join("; ")}${stops ? "" : "; --stop shows some of it"}`));
  }
  return obstacles.length === 0 && lines.length === 0 ? "" : lines.join("");
}

function externalWords(external: readonly { readonly value: string | null }[]): string {
  const mounts = external.filter(({ value }) => value?.startsWith("mnt[")).length;
  const namespaces = external.length - mounts;
  return [mounts > 0 ? count(mounts, "mount") : "", namespaces > 0 ? count(namespaces, "namespace") : ""]
    .filter((one) => one !== "").join(" and ");
}

function row(label: string, text: string): string {
  return `${label.padEnd(LABEL)} ${text}\n`;
}

/** One tree among all, in words that need it no longer. */
export interface TreeSummary {
  readonly pid: number;
  readonly name: string;
  readonly dump: DumpVerdict;
  readonly options: string;
  readonly reason: string;
}

/** The row of a tree. */
export function summaryOf({ process, dump, options, obstacles, unreadable }: Inspection): TreeSummary {
  const first = obstacles.find(({ stage, effect }) =>
    stage === "DUMP" && (dump === "BLOCKED" ? effect === "REFUSED" : dump === "UNKNOWN" ? effect === "UNKNOWN" : true)
  );
  const unread = unreadable[0] ? `${unreadable[0].path}: ${unreadable[0].errno}` : "";
  return {
    pid: process.pid,
    name: quoted(process.name),
    dump,
    options: options.map(({ text }) => quoted(text)).join(" "),
    reason: first ? quoted(`${first.task.pid} ${first.subject}: ${first.reason}`) : unread,
  };
}

const ROWS: readonly DumpVerdict[] = ["BLOCKED", "UNKNOWN", "NEEDS_OPTIONS", "DUMPABLE"];

/** What `cready inspect --all` says: worst first, and a sum. */
export function allText(trees: readonly TreeSummary[]): string {
  const sorted = [...trees].sort((a, b) => ROWS.indexOf(a.dump) - ROWS.indexOf(b.dump) || a.pid - b.pid);
  const rows = [
    ["PID", "NAME", "VERDICT", "OPTIONS", "FIRST REASON"],
    ...sorted.map(({ pid, name, dump, options, reason }) => [String(pid), name, dump, options, reason]),
  ];
  const widths = [0, 1, 2, 3].map((i) => Math.min(48, Math.max(...rows.map((cells) => cells[i]!.length))));
  const lines = rows.map((cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padStart(widths[0]!) : cell.padEnd(widths[i] ?? 0))).join("  ").trimEnd()
  );
  const sum = (verdict: DumpVerdict) => trees.filter(({ dump }) => dump === verdict).length;
  return `${lines.join("\n")}\n${count(trees.length, "tree")}: ${sum("DUMPABLE")} dumpable, ${
    sum("NEEDS_OPTIONS")
  } with options, ` +
    `${sum("BLOCKED")} blocked, ${sum("UNKNOWN")} unknown\n`;
}
