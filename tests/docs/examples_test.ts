/** Every example of the documentation and of the manual pages, run as it stands there. */
import assert from "node:assert/strict";
import { COMMANDS } from "../../cli/commands.ts";
import { ROOT } from "../cli/binary.ts";
import { MAN_SECTIONS, type ManExample } from "../../scripts/generate/man_sections.ts";
import { documents } from "./documents.ts";
import { type Example, examplesOf, isOpen, patternOf } from "./example.ts";
import { runExample } from "./shell.ts";

/** Commands of a manual page, one a line, but where quotes are open. */
function ofManual(page: string, [, text, expected = {}]: ManExample): Example {
  const { codes = [0, 1], prints = ["…"], starts = [] } = expected;
  const commands: string[] = [];
  for (const line of text.split("\n")) {
    if (commands.length > 0 && isOpen(commands.at(-1)!)) commands.push(`${commands.pop()}\n${line}`);
    else commands.push(line);
  }
  const steps = commands.map((command, at) => ({ command, output: at === commands.length - 1 ? prints : starts }));
  return { where: page === "cready" ? "cready(1)" : `cready-${page}(1)`, steps, codes };
}

const OF_MANUALS = Object.entries(MAN_SECTIONS).flatMap(([page, { examples = [] }]) =>
  examples.map((one) => ofManual(page, one))
);
const OF_DOCUMENTS = documents().flatMap((path) => examplesOf(path, Deno.readTextFileSync(`${ROOT}/${path}`)));

for (const example of [...OF_MANUALS, ...OF_DOCUMENTS]) {
  Deno.test(`${example.where}: ${example.steps[0]!.command.replaceAll("\n", " ").slice(0, 100)}`, () =>
    runExample(example));
}

Deno.test("what looks like an example is one", () => {
  for (const path of documents()) {
    for (const line of Deno.readTextFileSync(`${ROOT}/${path}`).split("\n")) {
      assert.doesNotMatch(line, /^(\t| {2,})\$ cready /, `${path}: to be fenced as console, so that it is run`);
    }
  }
});

Deno.test("every command has an example in its manual page", () => {
  for (const { name } of COMMANDS) {
    assert(OF_MANUALS.some(({ where, steps }) => where === `cready-${name}(1)` && steps.some(runs(name))), name);
  }
});

const runs = (name: string) => ({ command }: { command: string }) =>
  command.includes(`cready ${name}`) || command.includes(`"cready", "${name}"`);

Deno.test("an example that is not as it says is seen", async () => {
  const example = (codes: number[], ...output: string[]): Example => ({
    where: "here",
    steps: [{ command: "printf '%s\\n' one two three; false", output }],
    codes,
  });
  await runExample(example([1], "one", "…", "three"));
  await runExample(example([0, 1], "…", "t…", "…ee"));
  for (const wrong of [example([0], "…"), example([1], "one"), example([1], "one", "two", "thre"), example([1])]) {
    await assert.rejects(runExample(wrong), /--- expected/);
  }
});

Deno.test("examples are read as they are written", () => {
  const text = ["```console exit=0,3", "$ one \\", "> two", "three", "$ four", "```", "```sh", "five", "```"].join(
    "\n",
  );
  const steps = [{ command: "one \\\ntwo", output: ["three"] }, { command: "four", output: [] }];
  assert.deepEqual(examplesOf("x.md", text), [{ where: "x.md:1", steps, codes: [0, 3] }]);
  for (const odd of ["```console exit=x\n$ a\n```", " ```console\n$ a\n```", "```console\na\n```", "```console\n$ a"]) {
    assert.throws(() => examplesOf("x.md", odd));
  }
  assert.match("a (b) 7 c\nd\n", new RegExp(`^${patternOf(["a (b) … c", "…", "d"])}$`));
});
