import { commandOf } from "../inspect/command.ts";
import type { Obstacle } from "../inspect/obstacle.ts";
import { processOf } from "../inspect/process.ts";
import { quoted } from "../inspect/quoted.ts";
import type { Inspection } from "../inspect/verdict.ts";
import { visible } from "./text.ts";

/** Objects of one kind that are named one by one; what is beyond is counted. */
const NAMED = 8;
const COLUMN = 22;

/** What `cready inspect` says to people. */
export function inspectionText(inspection: Inspection, who: string): string {
  const parts = [
    head(inspection),
    dumpPart(inspection),
    inspection.dump === "BLOCKED" ? "" : restorePart(inspection),
    unreadablePart(inspection),
    footPart(inspection, who),
  ];
  const command = commandOf(inspection);
  if (command !== null) parts.push(`${command}\n`);
  return parts.filter((part) => part !== "").join("\n");
}

function head({ tree, process }: Inspection): string {
  const { pid, name, uid, cgroup } = processOf(process);
  const threads = tree.tasks.reduce((sum, task) => sum + Math.max(1, task.status.threads), 0);
  const group = cgroup === null || cgroup === "/" ? "" : `, ${cgroup}`;
  return `${pid} ${name}   ${count(tree.tasks.length, "task")}, ${count(threads, "thread")}, uid ${uid}${group}\n`;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

function dumpPart(inspection: Inspection): string {
  const { dump, options, obstacles } = inspection;
  const atDump = obstacles.filter(({ stage }) => stage === "DUMP");
  if (dump === "DUMPABLE") return "Can be dumped\n";
  const names = options.map(({ text }) => quoted(text)).join(" ");
  const lines: string[] = [];
  if (dump === "NEEDS_OPTIONS") lines.push(`Can be dumped with ${names}`);
  else if (dump === "BLOCKED") {
    lines.push("Cannot be dumped: no option helps");
    lines.push(...objects(atDump.filter(({ effect }) => effect === "REFUSED"), true));
  } else {
    lines.push("Cannot tell whether it can be dumped");
    lines.push(...objects(atDump.filter(({ effect }) => effect === "UNKNOWN"), true));
  }
  if (dump !== "NEEDS_OPTIONS" && options.length > 0) lines.push("", "Needed beside that");
  for (const { text, effect, instead, obstacles } of options) {
    lines.push(...named(obstacles).map((line, i) => `  ${(i === 0 ? quoted(text) : "").padEnd(COLUMN - 2)}${line}`));
    const others = instead.length > 0 ? `or ${instead.map(quoted).join(", or ")}` : "";
    const note = [effect && `costs: ${effect}`, others].filter((one) => one !== "").join("; ");
    if (note) lines.push(`${"".padEnd(COLUMN)}${note}`);
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
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
    if (remedy !== null) lines.push(`${"".padEnd(COLUMN)}${visible(remedy)}`);
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
    `  ${path}: ${errno}${needs ? `, needs ${needs}` : ""}\n`
  );
  const more = unreadable.length > NAMED ? `  and ${unreadable.length - NAMED} more\n` : "";
  return `Could not be read\n${lines.join("")}${more}`;
}

function footPart({ tree, assumptions }: Inspection, who: string): string {
  const { version, path } = tree.around.criu;
  const criu = path === null ? `criu ${version} (none is installed)` : `criu ${version} (${quoted(path)})`;
  const assumed = assumptions.length > 0 ? `${"Assumed".padEnd(13)}${assumptions.join("; ")}\n` : "";
  return `${"Judged for".padEnd(13)}${criu}, ${who}\n${assumed}`;
}
