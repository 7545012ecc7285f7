import { parseOption } from "./options.ts";
import { shellWord } from "./quoted.ts";
import type { Inspection } from "./verdict.ts";

/** The dump as it would be typed, ready to paste; null where none would succeed for certain. */
export function commandOf({ process, plan, options, dump }: Inspection): string | null {
  if (dump === "BLOCKED" || dump === "UNKNOWN") return null;
  const verb = plan.preDump ? "pre-dump" : "dump";
  const own = plan.options.filter(({ from }) => from === "command line").map(({ name, value }) => word(name, value));
  const needed = options.map(({ text }) => {
    const { name, value } = parseOption(text);
    return word(name, value);
  });
  const flags = [
    ...(plan.lazyPages ? ["--lazy-pages"] : []),
    ...(plan.leaveRunning ? ["--leave-running"] : []),
  ];
  return ["criu", verb, "-t", String(process.pid), "-D", "DIR", ...flags, ...own, ...needed].join(" ");
}

function word(name: string, value: string | null): string {
  // An argument that begins with `=` or is optional is only read where it is attached.
  return value === null ? `--${name}` : `--${name} ${shellWord(value)}`;
}
