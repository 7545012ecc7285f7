import { type CommandOption, COMMANDS } from "../../cli/commands.ts";
import { CRIU_VERSION, VERSION } from "../../version.ts";
import { MAN_SECTIONS } from "./man_sections.ts";

/** Every command with what its file exports. */
const LOADED = await Promise.all(COMMANDS.map(async (command) => ({ ...command, module: await command.load() })));

/** The manual pages by their file names: cready(1), and one for each command, from its options and its `--help`. */
export function manPages(): Map<string, string> {
  return new Map([
    ["cready.1", mainPage()],
    ...LOADED.map(({ name, usage, summary, module }): [string, string] => [
      `cready-${name}.1`,
      commandPage(name, usage, summary, module.OPTIONS, module.help()),
    ]),
  ]);
}

function mainPage(): string {
  return page("cready", "can this machine, or process, be checkpointed and restored by CRIU?", [
    section("SYNOPSIS", COMMANDS.map(({ usage }) => `${synopsis(usage)}\n.br`).join("\n").replace(/\n\.br$/, "")),
    section(
      "DESCRIPTION",
      paragraphs([
        "cready asks the running kernel itself for what CRIU needs, with the rights it was started with, and answers " +
        `as criu check ${CRIU_VERSION} does: the same words, streams and exit codes. Where criu says no, cready says ` +
        "which call was refused with which errno, why on this machine, what it costs and what mends it.",
        "Nothing is changed on the machine: what must be changed to ask is changed in children that are thrown away. " +
        "Asking may make the kernel load a module by itself.",
      ]),
    ),
    section(
      "COMMANDS",
      COMMANDS.map(({ name, summary }) => term(`.BR cready-${dashes(name)} (1)`, escape(summary))).join("\n"),
    ),
    section(
      "VERDICTS",
      [
        ["SUPPORTED", "CRIU, started here with these rights, gets it: seen"],
        ["UNSUPPORTED", "the kernel lacks it: proven"],
        ["BLOCKED", "refused here, by a cause that was verified: capability, sysctl, seccomp filter, mount, limit"],
        ["INCONCLUSIVE", "none of these could be shown; the call and the errno are named"],
      ].map(([name, text]) => term(`.B ${name}`, escape(text!))).join("\n"),
    ),
    section(
      "EXIT STATUS",
      paragraphs([
        "Each command has its own. 2 stands for a wrong command line, but in check, where it is 1 as in criu.",
      ]),
    ),
    ...extras("cready", COMMANDS.map(({ name }) => `cready-${name}(1)`)),
  ]);
}

function commandPage(
  name: string,
  usage: string,
  summary: string,
  options: readonly CommandOption[],
  help: string,
): string {
  const { description, exit, others } = parts(help);
  return page(`cready-${name}`, summary, [
    section("SYNOPSIS", synopsis(usage)),
    section("DESCRIPTION", paragraphs(description)),
    section("OPTIONS", options.map(option).join("\n")),
    ...others.map(([title, text]) => section(title.toUpperCase(), verbatim(text))),
    ...(exit === "" ? [] : [section("EXIT STATUS", exitCodes(exit.replaceAll("\n", " ")))]),
    ...extras(name, ["cready(1)"]),
  ]);
}

/** What a `--help` is made of: paragraphs, sections with a heading, and the exit codes. */
function parts(help: string): { description: string[]; exit: string; others: [string, string][] } {
  const description: string[] = [];
  const others: [string, string][] = [];
  let exit = "";
  for (const block of help.trimEnd().split("\n\n")) {
    const heading = /^([A-Z][A-Za-z ]*):\n/.exec(block);
    if (block.startsWith("Usage:")) continue;
    else if (/^Exit codes?\b/.test(block)) exit = block.replace(/^Exit codes?[^:]*:?\s*/, "");
    else if (!heading) description.push(block);
    else if (!/options$/i.test(heading[1]!)) others.push([heading[1]!, block.slice(heading[0].length)]);
  }
  return { description, exit, others };
}

/** `0 …, 1 …; 2 …` as a list. */
function exitCodes(text: string): string {
  if (!/^\d /.test(text)) return paragraphs([text]);
  return text.split(/(?:[,;] )(?=\d )/).map((one) => term(`.B ${one[0]}`, escape(one.slice(2)))).join("\n");
}

function extras(name: string, pages: readonly string[]): string[] {
  const { examples = [], files = [], environment = [], seeAlso = [] } = MAN_SECTIONS[name] ?? {};
  const list = (rows: readonly (readonly [string, string])[], font: string) =>
    rows.map(([what, text]) => term(`.${font} ${dashes(escape(what))}`, escape(text))).join("\n");
  return [
    ...(files.length > 0 ? [section("FILES", list(files, "I"))] : []),
    ...(environment.length > 0 ? [section("ENVIRONMENT", list(environment, "B"))] : []),
    ...(examples.length > 0
      ? [
        section(
          "EXAMPLES",
          examples.map(([text, command]) => `.PP\n${escape(text)}\n.PP\n${verbatim(command)}`).join("\n"),
        ),
      ]
      : []),
    section(
      "SEE ALSO",
      [...pages, ...seeAlso].map((one) => {
        const [, title, number] = /^(.*)\((\d)\)$/.exec(one)!;
        return `.BR ${dashes(title!)} (${number})`;
      }).join(",\n"),
    ),
  ];
}

function page(name: string, summary: string, sections: readonly string[]): string {
  return [
    '.\\" Made by scripts/generate.ts from the options of the commands and scripts/generate/man_sections.ts; edit those.',
    `.TH ${name.toUpperCase().replaceAll("-", "\\-")} 1 "" "cready ${VERSION}" "User Commands"`,
    section("NAME", `${dashes(name)} \\- ${escape(summary)}`),
    ...sections,
    "",
  ].join("\n");
}

const section = (title: string, body: string) => `.SH ${title}\n${body}`;

/** The words of a usage line: placeholders slanted, all else bold. */
function synopsis(usage: string): string {
  const words = `cready ${usage}`.split(" ").map((word) => {
    if (/^[[\]|…]+$/.test(word)) return escape(word);
    const slanted = /^\[?[A-Z]{2,}|^\[options\]/.test(word);
    return `\\f${slanted ? "I" : "B"}${dashes(escape(word))}\\fR`;
  });
  return words.join(" ");
}

function option({ name, short, argument, value = "", help }: CommandOption): string {
  const long = `\\fB\\-\\-${dashes(name)}\\fR`;
  const shown = argument === "none"
    ? long
    : argument === "optional"
    ? `${long}[=\\fI${escape(value.replace(/^\[|\]$/g, ""))}\\fR]`
    : `${long} \\fI${escape(value)}\\fR`;
  return term(short ? `\\fB\\-${short}\\fR, ${shown}` : shown, `${escape(help)}.`);
}

const term = (head: string, text: string) => `.TP\n${head}\n${text}`;

/** Paragraphs; lines that are indented stay as they are. */
function paragraphs(texts: readonly string[]): string {
  return texts.map((text) =>
    /^ {2}/.test(text) ? `.PP\n${verbatim(text)}` : `.PP\n${escape(text.replaceAll("\n", " "))}`
  )
    .join("\n");
}

/** Lines as they stand. */
function verbatim(text: string): string {
  const lines = text.split("\n");
  const indent = Math.min(...lines.filter((line) => line !== "").map((line) => /^ */.exec(line)![0].length));
  return [".RS 4", ".nf", ...lines.map((line) => dashes(escape(line.slice(indent)))), ".fi", ".RE"].join("\n");
}

/** Text that means nothing to troff; one line, or what a line starts with would be a request. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replace(/^([.'])/, "\\&$1");
}

/** Dashes of commands and options are minus signs, so that they can be copied. */
function dashes(text: string): string {
  return text.replaceAll(/(?<!\\)-/g, "\\-");
}
