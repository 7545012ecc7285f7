import type { Rule, RuleEffect } from "../../rules/rule.ts";
import type { EngineCause } from "../../why/engines.ts";
import type { GeneralCause } from "../../why/general.ts";

const EFFECTS: Readonly<Record<RuleEffect, string>> = {
  SUPPORTED: "supported",
  REFUSED: "refused",
  NEEDS_OPTION: "needs an option",
  NEEDS_FEATURE: "needs a feature",
  EXTERNAL: "left to the caller",
  UNKNOWN: "cannot be told",
};

const STAGES = { DUMP: "dump", RESTORE: "restore", BOTH: "dump and restore", NONE: "neither" } as const;
const FIDELITY = { FULL: "", PARTIAL: ", in part", LOST: ", state lost" } as const;

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const code = (text: string) => `\`${cell(text)}\``;
/** A heading of letters, as a link names it. */
const title = (resource: string) => resource[0]!.toUpperCase() + resource.slice(1).replaceAll("-", " ");

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |\n`).join("");
}

function versions({ since, until }: Rule): string {
  return [since && `since ${since}`, until && `before ${until}`].filter(Boolean).join(", ");
}

function row(rule: Rule): string[] {
  const { id, effect, stage, fidelity, title, options, cost, features, messages, remedy } = rule;
  const needs = [
    ...options.map(code),
    ...features.map((feature) => `[${feature}](features.md)`),
    ...(cost === null ? [] : [`(costs: ${cell(cost)})`]),
  ].join(" ");
  return [
    `\`${id}\``,
    cell(title),
    `${EFFECTS[effect]}${FIDELITY[fidelity]}`,
    STAGES[stage],
    needs,
    messages.map(({ text, errno }) => code(errno ? `${text}: …` : text)).join("<br>"),
    remedy === null ? "" : cell(remedy),
    versions(rule),
  ];
}

/** docs/inspect.md: what is known of every situation that criu treats in its own way. */
export function rulesDoc(rules: readonly Rule[]): string {
  const resources = [...new Set(rules.map(({ resource }) => resource))];
  const hidden = rules.filter((rule) => rule.unobservable !== undefined);
  const count = (effect: RuleEffect) => rules.filter((rule) => rule.effect === effect).length;
  return `# The rules of \`cready inspect\` and \`cready why\`

This file is written by scripts/generate.ts from the records in [rules/](../rules); the same as data is
[rules.json](rules.json).

A rule is one situation that criu treats in its own way: how it is seen from outside, what criu does, which option or
feature helps, what criu prints, and what an operator does about it. There are ${rules.length}: ${
    count("SUPPORTED")
  } supported,
${count("REFUSED")} refused, ${count("NEEDS_OPTION")} that need an option, ${
    count("NEEDS_FEATURE")
  } that need a feature of kernel or build, ${count("EXTERNAL")} left to the caller, ${count("UNKNOWN")} that
cannot be told before. They hold for criu 4.2; a last column names the criu since or until which a rule holds, where that
is not 3.17.

- **refused**: no option helps; change what the program does, or what lies around it.
- **in part**, **state lost**: criu goes on, and what comes back at restore is not all.
- A message is criu's printf format; \`…\` is the text of errno.

## Not observable from outside

What no look at a running process can show. \`cready inspect\` lists those that may matter as assumptions.

${
    table(
      ["rule", "situation", "why not"],
      hidden.map((rule) => [`\`${rule.id}\``, cell(rule.title), cell(rule.unobservable!)]),
    )
  }
${
    resources.map((resource) => {
      const own = rules.filter((rule) => rule.resource === resource);
      return `## ${title(resource)}\n\n${
        table(
          ["rule", "situation", "criu", "met at", "needs", "criu says", "what to do", "criu versions"],
          own.map(row),
        )
      }`;
    }).join("\n")
  }`;
}

/** docs/rules.json: the rules as one file of data. */
export function rulesJson(rules: readonly Rule[], criu: string): string {
  return `${JSON.stringify({ schemaVersion: 1, criu, rules }, null, 1)}\n`;
}

/** docs/why.md: what `cready why` knows beside the rules. */
export function whyDoc(general: readonly GeneralCause[], engines: readonly EngineCause[]): string {
  return `# \`cready why\`

This file is written by scripts/generate.ts from the records in [why/](../why).

\`cready why LOG\` reads a dump.log or restore.log of criu, or what an engine (runc, crun, podman, the kubelet, containerd,
CRI-O, docker) said, from a file or from standard input (\`-\`), and tells what ended the dump or restore: the rule of
[inspect.md](inspect.md), the task, descriptor or file that the log names, what to do, and for an engine the file into
which a missing option goes. Lines that only follow from an error are counted and not shown; an error line that is
not known is said to be unknown. A log of any size is read in one pass with bounded memory: up to 200 distinct causes,
warnings and unknown lines each are kept, the rest is counted.

| exit code | means |
| --- | --- |
| 0 | all causes are known |
| 1 | an error line is not known, or the text does not say why criu failed or how it ended |
| 2 | usage, or a file that cannot be read |
| 4 | there is no error in the log, or criu says that it has succeeded |

\`--json\` prints one object, which [schema/json/why.json](../schema/json/why.json) describes: \`schemaVersion\` (1), \`criu\`, \`engine\`, \`stage\`, \`succeeded\`, \`lines\`, \`causes\`,
\`warnings\`, \`unknown\`, \`followUps\`, \`left\`, \`cut\`, \`busyWith\`, \`logFiles\`, \`onlyFailed\`. Each cause has \`id\`, \`kind\` (\`RULE\`,
\`GENERAL\`, \`ENGINE\`), \`also\` (other rules with the same message), \`line\`, \`times\`, \`message\`, \`subject\`, \`values\`,
\`title\`, \`remedy\`, \`options\`, \`cost\`, \`placement\`.

## Causes that lie in no process

${
    table(
      ["cause", "situation", "criu says", "what to do"],
      general.map(({ id, title, messages, remedy }) => [
        `\`${id}\``,
        cell(title),
        messages.map(({ text, errno }) => code(errno ? `${text}: …` : text)).join("<br>"),
        cell(remedy),
      ]),
    )
  }
## Causes that an engine names

${
    table(
      ["cause", "situation", "the engine says", "what to do"],
      engines.map(({ id, title, messages, remedy }) => [
        `\`${id}\``,
        cell(title),
        messages.map(code).join("<br>"),
        cell(remedy),
      ]),
    )
  }`;
}
