import type { PlanOf } from "./engines/plan.ts";
import { PROFILES } from "./engines/profile.ts";
import { parseOption } from "./options.ts";
import { shellWord } from "./quoted.ts";
import type { Inspection } from "./verdict.ts";

/** The dump as it would be typed, ready to paste; null where none would succeed for certain. */
export function commandOf({ process, plan, options, dump }: Inspection, { container }: PlanOf): string | null {
  if (dump === "BLOCKED" || dump === "UNKNOWN") return null;
  const flags = [
    ...(plan.lazyPages ? ["--lazy-pages"] : []),
    ...(plan.leaveRunning ? ["--leave-running"] : []),
  ];
  const own = plan.options.filter(({ from }) => from === "command line");
  const needed = options.map(({ text }) => parseOption(text));
  if (plan.engine === "CRIU") {
    const verb = plan.preDump ? "pre-dump" : "dump";
    return ["criu", verb, "-t", String(process.pid), "-D", "DIR", ...flags, ...[...own, ...needed].map(word)].join(" ");
  }
  const { command, flags: known } = PROFILES[plan.engine];
  if (command === "") return null;
  // What the engine cannot be given goes into a file, of which the text tells.
  const given = [...own, ...needed].filter(({ name }) => known.includes(name)).map(word);
  const preDump = plan.preDump ? ["--pre-dump"] : [];
  return [command, ...preDump, ...flags, ...given, shellWord(container?.id ?? "ID")].join(" ");
}

function word({ name, value }: { readonly name: string; readonly value: string | null }): string {
  if (value === null) return `--${name}`;
  // These take their argument only where it is attached.
  return OPTIONAL.includes(name) ? `--${name}=${shellWord(value)}` : `--${name} ${shellWord(value)}`;
}

/** Options whose argument may be left out (optional_argument in criu/config.c). */
const OPTIONAL = ["manage-cgroups", "cpu-cap"];
