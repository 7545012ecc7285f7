/** The completions in the shells themselves: a line is typed, Tab is pressed, and what the shell then runs is looked at. */
import assert from "node:assert/strict";
import { completed } from "../../cli/completion/completed.ts";
import { COMMANDS } from "../../cli/commands.ts";
import { BINARY, cready, ROOT, run } from "../cli/binary.ts";

const FOLDER = Deno.makeTempDirSync({ prefix: "cready-completion-" });
globalThis.addEventListener("unload", () => Deno.removeSync(FOLDER, { recursive: true }));
Deno.mkdirSync(`${FOLDER}/somewhere`);
Deno.writeTextFileSync(`${FOLDER}/some.log`, "");
const SCRIPTS: Record<string, string> = {};
for (const [shell, file] of [["bash", "cready.bash"], ["zsh", "_cready"], ["fish", "cready.fish"]] as const) {
  const { code, stdout } = await cready(["completion", shell]);
  assert.equal(code, 0);
  Deno.writeTextFileSync(`${FOLDER}/${file}`, stdout);
  SCRIPTS[shell] = `${FOLDER}/${file}`;
}
const TABLE = await completed(COMMANDS);

/** The first lines that a shell is given: its prompt is known, and cready only prints its words. */
const SETUP: Readonly<Record<string, { argv: string[]; first: string[] }>> = {
  bash: {
    argv: ["bash", "--norc", "--noprofile", "-i"],
    first: [`. ${SCRIPTS.bash}; cready() { printf 'R''AN'; printf ' <%s>' "$@"; echo; }; cd ${FOLDER}; cready`],
  },
  zsh: {
    argv: ["zsh", "-f", "-i"],
    first: [
      `fpath=(${FOLDER} $fpath); autoload -Uz compinit; compinit -u -D; ` +
      `cready() { printf 'R''AN'; printf ' <%s>' "$@"; echo; }; cd ${FOLDER}; cready`,
    ],
  },
};

/** What the shell runs after these keys and Return; `\t` is Tab. */
async function typed(shell: string, keys: readonly string[]): Promise<string[]> {
  const { argv, first } = SETUP[shell]!;
  const { code, stdout, stderr } = await run(["python3", `${ROOT}/tests/completion/typist.py`, "60", ...argv], {
    stdin: [...first, ...keys].join("\n"),
    env: { PS1: "READY>", PROMPT: "READY>", TERM: "dumb", HOME: FOLDER, INPUTRC: "/dev/null" },
  });
  assert.equal(code, 0, stderr);
  return [...stdout.matchAll(/^RAN(.*?)\r?$/gm)].map(([, words]) => words!.trim()).slice(first.length);
}

/** Lines that Tab makes whole, and what runs then. */
const WHOLE: readonly (readonly [keys: string, runs: string])[] = [
  ["cready chec\t", "<check>"],
  ["cready expl\tmem_dir\t", "<explain> <mem_dirty_track>"],
  ["cready check --extr\t", "<check> <--extra>"],
  ["cready check --all --quie\t", "<check> <--all> <--quiet>"],
  ["cready check --feature mem_dir\t", "<check> <--feature> <mem_dirty_track>"],
  ["cready check --feature tun,mem_dir\t", "<check> <--feature> <tun,mem_dirty_track>"],
  ["cready check --feature=uffd-n\t", "<check> <--feature=uffd-noncoop>"],
  ["cready check -o some.\t", "<check> <-o> <some.log>"],
  ["cready check --work-dir somew\t", "<check> <--work-dir> <somewhere/>"],
  ["cready completion fi\t", "<completion> <fish>"],
  ["cready doct\t--js\t", "<doctor> <--json>"],
];

for (const shell of ["bash", "zsh"]) {
  Deno.test(`completion in ${shell}: Tab makes words whole`, async () => {
    // zsh leaves a folder's slash away where nothing follows it.
    const expected = WHOLE.map(([, runs]) => shell === "zsh" ? runs.replace("somewhere/>", "somewhere>") : runs);
    assert.deepEqual(await typed(shell, WHOLE.map(([keys]) => keys)), expected);
  });
}

/** What fish offers for a line. */
async function offered(line: string): Promise<string[]> {
  const script = `source ${SCRIPTS.fish}; cd ${FOLDER}; complete -C ${JSON.stringify(line)}`;
  const { code, stdout, stderr } = await run(["fish", "--no-config", "-c", script], { env: { HOME: FOLDER } });
  assert.equal(code, 0, stderr);
  return stdout.split("\n").filter((one) => one !== "").map((one) => one.split("\t")[0]!);
}

Deno.test("completion in fish: what it offers for a line", async () => {
  const rows: [string, string[]][] = [
    ["cready chec", ["check"]],
    ["cready explain mem_dir", ["mem_dirty_track"]],
    ["cready check --extr", ["--extra"]],
    ["cready check --feature mem_dir", ["mem_dirty_track"]],
    ["cready check --feature tun,mem_dir", ["tun,mem_dirty_track"]],
    ["cready check -o some.l", ["some.log"]],
    ["cready check --work-dir somew", ["somewhere/"]],
    ["cready completion fi", ["fish"]],
    ["cready doctor --js", ["--json"]],
  ];
  for (const [line, words] of rows) assert.deepEqual(await offered(line), words, line);
});

Deno.test("completion in fish: every command and every option is offered", async () => {
  assert.deepEqual((await offered("cready ")).sort(), TABLE.map(({ name }) => name).sort());
  for (const { name, options } of TABLE) {
    const there = (await offered(`cready ${name} --`)).map((one) => one.replace(/=$/, ""));
    for (const { long } of options) assert(there.includes(`--${long}`), `${name} --${long}`);
  }
});

Deno.test("completion in bash: every command and every option is offered", async () => {
  const words = async (...line: string[]) => {
    const script = `. ${SCRIPTS.bash}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _cready; ` +
      `printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { code, stdout, stderr } = await run(["bash", "-uc", script, "bash", ...line]);
    assert.equal(code, 0, stderr);
    return stdout.trim().split("\n");
  };
  assert.deepEqual(await words("cready", ""), TABLE.map(({ name }) => name));
  for (const { name, options } of TABLE) {
    const there = (await words("cready", name, "--")).map((one) => one.replace(/=$/, ""));
    assert.deepEqual(there.toSorted(), options.map(({ long }) => `--${long}`).toSorted());
  }
  assert.deepEqual(await words("cready", "--"), ["--help", "--version"]);
});

Deno.test("completion in zsh: every option of every command has a specification that zsh takes", async () => {
  const script = `fpath=(${FOLDER} $fpath); autoload -Uz compinit; compinit -u -D; autoload +X _cready && ` +
    `print -r -- "$functions[_cready]"`;
  const { code, stdout, stderr } = await run(["zsh", "-fc", script], { env: { HOME: FOLDER } });
  assert.equal(code, 0, stderr);
  for (const { name, options } of TABLE) {
    assert(stdout.includes(`(${name})`), name);
    for (const { long } of options) assert(stdout.includes(`--${long}`), `${name} --${long}`);
  }
});

for (const words of [[], ["tcsh"], ["bash", "zsh"], ["--no-such"]]) {
  Deno.test(`completion ${words.join(" ")} is asked wrongly`, async () => {
    const { code, stdout, stderr } = await cready(["completion", ...words]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^Error \(cready\/completion\): [^\n]+\n$/);
  });
}

Deno.test("completion: the scripts are the same each time, and end with a newline", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout } = await run([BINARY, "completion", shell]);
    assert.equal(stdout, Deno.readTextFileSync(SCRIPTS[shell]!));
    assert(stdout.endsWith("\n"));
  }
});
