import type { Libc } from "../ffi/libc.ts";
import type { Host } from "../host/host.ts";
import type { Feature, Finding } from "../probes/probe.ts";
import { CRIU_NAMES } from "../probes/names.ts";
import { featureNamed, PROBES } from "../probes/registry.ts";
import { Runner } from "../probes/run.ts";
import { CATEGORY_NUMBERS } from "../report/table.ts";
import { said } from "../report/text.ts";
import { Console } from "./console.ts";
import type { CommandOption } from "./commands.ts";
import { getopt } from "./getopt.ts";
import { optionLines } from "./help.ts";
import { row } from "./rows.ts";
import { closestName } from "./spelling.ts";
import { shown, UsageError } from "./usage.ts";

export const OPTIONS: readonly CommandOption[] = [
  { name: "help", short: "h", argument: "none", help: "show this text" },
];

export const WORDS: readonly string[] = [
  ...new Set([...CRIU_NAMES, ...PROBES.flatMap(({ id, kconfig }) => [id, ...kconfig])]),
];

/** `cready explain --help`. */
export function help(): string {
  return `Usage: cready explain NAME…

Says all that is known of a check, a feature or a kernel option (CONFIG_…), asks the kernel for it, and tells
what the answer rests on and what would mend it. Exit code 2 for a name that is none.

Options:
${optionLines(OPTIONS)}`;
}

/** Runs `cready explain`; returns its exit code. Throws `UsageError`. */
export function run(args: readonly string[], libc: Libc): number {
  const { options, words } = getopt(args, OPTIONS);
  const console = new Console(libc);
  if (options.length > 0) return console.out(help()), 0;
  const names = words.slice(1);
  if (names.length === 0) throw new UsageError("explain takes the name of a check, a feature or a kernel option");
  const subjects = names.map(subjectNamed);
  using runner = new Runner(libc);
  const texts = subjects.map((subject) =>
    typeof subject === "string" ? optionText(subject, runner.host) : featureText(runner.probe(subject))
  );
  console.out(texts.join("\n"));
  return 0;
}

/** A probe, or the name of a kernel option that at least one probe needs. */
function subjectNamed(name: string) {
  const probe = featureNamed(name);
  if (probe) return probe;
  const option = name.startsWith("CONFIG_") ? name : `CONFIG_${name}`;
  if (PROBES.some(({ kconfig }) => kconfig.includes(option))) return option;
  const known = [...CRIU_NAMES, ...PROBES.map(({ id }) => id)];
  const close = closestName(name, known);
  throw new UsageError(
    `${shown(name)} is no check, feature or kernel option that CRIU needs${close ? ` (did you mean ${close}?)` : ""}`,
  );
}

/** A kernel option: its value here, and what it gives. */
function optionText(option: string, host: Host): string {
  const value = host.kconfig.value(option);
  const here = value === undefined
    ? "the kernel's configuration cannot be read here"
    : value === "n"
    ? `not set in ${host.kconfig.source}`
    : `${option}=${value} in ${host.kconfig.source}`;
  const users = PROBES.filter(({ kconfig }) => kconfig.includes(option));
  return `${option}   ${here}\n\n` +
    users.map((feature) => row(`without`, `${feature.id}: ${feature.impact}`)).join("");
}

/** A feature: what it is for, what was asked here, what was seen, and what follows. */
function featureText(finding: Finding): string {
  const { feature, verdict, reason, evidence, remedies, criuDiffers } = finding;
  const name = feature.criuName ?? feature.id;
  const verdictText = verdict === "SUPPORTED" ? "supported here" : `${verdict} here`;
  const calls = evidence.map(({ call, answer }) => `${call} = ${answer}`);
  return [
    `${name}   ${feature.title}   ${verdictText}\n\n`,
    row("without it", feature.impact),
    row("category", categoryText(feature)),
    feature.since ? row("since", `Linux ${feature.since}`) : "",
    feature.kconfig.length > 0 ? row("options", feature.kconfig.join(", ")) : "",
    ...Object.entries(feature.notOn ?? {}).map(([name, { why }]) => row(`not on`, `${name}: ${why}`)),
    feature.modules.length > 0 ? row("modules", feature.modules.join(", ")) : "",
    "\n",
    ...calls.map((call, i) => row(i === 0 ? "asked" : "", call)),
    reason ? row("seen", reason) : "",
    ...remedies.map(({ why }) => row("cause", why)),
    ...remedies.map(({ text, command }) => row("mend", command ? `${text}: ${command}` : text)),
    criuDiffers ? row(`criu ${criuDiffers.version}`, `says ${said(criuDiffers.verdict)}: ${criuDiffers.why}`) : "",
    "\n",
    row("see", feature.references.join(", ")),
  ].join("");
}

function categoryText({ category, criuName }: Feature): string {
  const number = category ? `${CATEGORY_NUMBERS[category]}, ${category.toLowerCase()}` : "none";
  return `${number}; ${criuName ? `criu check --feature ${criuName}` : "criu gives it no name"}`;
}
