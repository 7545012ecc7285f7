/** The examples of the documentation: what a reader types, and what he is told that he will see. */

/** One command with what follows it. */
export interface Step {
  readonly command: string;
  /** Lines of output; `…` stands for any text, alone on its line for any number of lines. */
  readonly output: readonly string[];
}

/** Steps that are run one after another by one shell. */
export interface Example {
  /** Such as `README.md:12`. */
  readonly where: string;
  readonly steps: readonly Step[];
  /** The exit codes that each command may have whose code is not shown by a following `echo $?`. */
  readonly codes: readonly number[];
}

/** The fenced blocks of a Markdown file that are called `console`; `exit=0,1` behind it allows further codes. */
export function examplesOf(path: string, markdown: string): Example[] {
  const examples: Example[] = [];
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```console(?: +exit=([\d,]+))?$/.exec(lines[at]!);
    if (!fence) {
      if (/^\s*```\s*console/.test(lines[at]!)) throw new Error(`${path}:${at + 1}: a console block of an odd form`);
      continue;
    }
    const end = lines.indexOf("```", at + 1);
    if (end < 0) throw new Error(`${path}:${at + 1}: a block without an end`);
    const where = `${path}:${at + 1}`;
    examples.push({ where, steps: stepsOf(where, lines.slice(at + 1, end)), codes: codesOf(fence[1]) });
    at = end;
  }
  return examples;
}

function codesOf(text = "0"): number[] {
  return text.split(",").map(Number);
}

/** Whether a command goes on in the next line: after a backslash, and while a single quote is open. */
export function isOpen(command: string): boolean {
  return command.endsWith("\\") || command.split("'").length % 2 === 0;
}

/** Lines that start with `$ ` are commands; what follows one that is complete is its output. */
function stepsOf(where: string, lines: readonly string[]): Step[] {
  const steps: { command: string; output: string[] }[] = [];
  let open = false;
  for (const line of lines) {
    const last = steps.at(-1);
    if (open) last!.command += `\n${line.replace(/^> /, "")}`;
    else if (line.startsWith("$ ")) steps.push({ command: line.slice(2), output: [] });
    else if (!last) throw new Error(`${where}: output before the first command`);
    else last.output.push(line);
    open = isOpen(steps.at(-1)!.command);
  }
  if (steps.length === 0) throw new Error(`${where}: no command`);
  return steps;
}

/** What all of the output has to be, as a regular expression that Python understands as well; `.` is every character. */
export function patternOf(output: readonly string[]): string {
  return output.map((line) => {
    if (line === "…") return "(?:[^\\n]*\\n)*";
    const text = line.trimEnd().split("…").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return `${text.join("[^\\n]*")}[ \\t]*\\n`;
  }).join("");
}
