import { LIMITS } from "../../server/limits.ts";

/** What becomes of what is beyond a limit, where it is not refused. */
const BEYOND: Readonly<Record<string, string>> = {
  obstacles: "the others are left out, and `obstaclesTotal` counts them",
  probers: "they wait",
};

/** The table of limits in docs/serve.md. */
export function limitsTable(): string {
  const rows = Object.entries(LIMITS).map(([name, { unit, value, status, code, help }]) => {
    const answer = code === null
      ? ""
      : status === 200
      ? `an error in the answer | \`${code}\``
      : `${status} | \`${code}\``;
    return `| \`${name}\` | ${value}${unit ? ` ${unit}` : ""} | ${help} | ${
      answer || `${BEYOND[name] ?? "connection closed"} |`
    } |`;
  });
  return `| limit | default | of what | beyond it | code |\n|---|--:|---|---|---|\n${rows.join("\n")}\n`;
}

/** A text with what is between two marks replaced: `<!-- NAME -->` and `<!-- /NAME -->`. */
export function between(text: string, name: string, part: string): string {
  const start = `<!-- ${name} -->\n`, end = `<!-- /${name} -->`;
  const from = text.indexOf(start), to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`Cannot find the marks of ${name}`);
  return text.slice(0, from + start.length) + part + text.slice(to);
}
