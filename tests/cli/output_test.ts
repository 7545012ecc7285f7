// deno-lint-ignore-file no-control-regex -- escape sequences are what is looked for
/** Where the words go: disks that are full, readers that are gone, closed descriptors, terminals. */
import assert from "node:assert/strict";
import { BINARY, cready, onTerminal, redirected, type Result, ROOT, run, sandbox, type Start } from "./binary.ts";
import { assertFeatures, assertOrderly, assertVerdict, BAD, lines } from "./expect.ts";

const WITHOUT_KCMP = sandbox("--answer", "kcmp=EPERM");
/** More text than a pipe holds, in many writes, or with --json in one. */
const MANY = Array.from({ length: 5000 }, () => "kcmp");
const MANY_WORDS = ["check", "--feature", MANY.join(",")];

const FULL = "Error (cready/cready): Cannot write the answer: ENOSPC\n";
const silent = (code: number) => (result: Result) =>
  assert.deepEqual(result, { code, signal: null, stdout: "", stderr: "" });

type Row = readonly [name: string, words: readonly string[], start: Start, expected: (result: Result) => void];

/** Whether this machine has all that `check` asks for; decides the exit code where nothing is to be read. */
const { code: VERDICT } = await cready(["check"]);

const ANSWERS: readonly (readonly string[])[] = [
  ["--help"],
  ["--version"],
  [],
  ["check", "--feature", "list"],
  ["check", "--json"],
  ["check", "--table"],
  ["check", "--ndjson"],
  MANY_WORDS,
  [...MANY_WORDS, "--json"],
  ["explain", "kcmp"],
];
const shownWords = (words: readonly string[]) => words.join(" ").slice(0, 40) || "no words";

const ROWS: readonly Row[] = [
  ...ANSWERS.flatMap((words): Row[] => [
    [`${shownWords(words)} on a full disk`, words, { through: redirected(">/dev/full") }, (result) => {
      assert.deepEqual(result, { code: 1, signal: null, stdout: "", stderr: FULL });
    }],
    [`${shownWords(words)} with its reader gone`, words, { through: sandbox("--broken-pipe", "1") }, silent(1)],
  ]),
  ["a verdict on a full disk", ["check", "--feature", "kcmp"], { through: redirected(">/dev/full") }, (result) => {
    assert.equal(result.code, 1);
    assert.ok(result.stderr.endsWith(FULL) || /^Error \(cready\/kcmp\)/.test(result.stderr), result.stderr);
  }],
  ["stdout closed", ["check"], { through: redirected(">&-") }, (result) => {
    assertOrderly(result);
    assert.equal(result.code, VERDICT);
  }],
  ["stderr closed", ["check"], { through: redirected("2>&-") }, ({ code, stderr }) => {
    assert.equal(code, VERDICT);
    assert.equal(stderr, "");
  }],
  ["stdout and stderr closed", ["check"], { through: redirected(">&- 2>&-") }, silent(VERDICT)],
  ["stdin closed", ["check"], { through: redirected("<&-") }, assertVerdict],
  ["all three closed", ["check"], { through: redirected("<&- >&- 2>&-") }, silent(VERDICT)],
  [
    "a no with all three closed",
    ["check"],
    { through: [...WITHOUT_KCMP, ...redirectedByPath("<&- >&- 2>&-")] },
    silent(1),
  ],
  ["a fault with stderr closed", ["check", "--bogus"], { through: redirected("2>&-") }, silent(1)],
  ["a fault with stderr full", ["check", "--bogus"], { through: redirected("2>/dev/full") }, silent(1)],
  ["a fault with nobody at stderr", ["check", "--bogus"], { through: sandbox("--broken-pipe", "2") }, silent(1)],
  ["reasons on a full disk", ["check", "-v3"], { through: redirected("2>/dev/full") }, ({ code, stdout }) => {
    assert.equal(code, VERDICT);
    assert.equal(/^Looks good/.test(stdout), code === 0);
  }],
  ["reasons that nobody reads", ["check", "-v3"], { through: sandbox("--broken-pipe", "2") }, ({ code, stdout }) => {
    assert.equal(code, VERDICT);
    assert.equal(/^Looks good/.test(stdout), code === 0);
  }],
  ["a log file on a full disk", ["check", "-v3", "-o", "/dev/full"], {}, (result) => {
    assert.deepEqual(result, { code: 1, signal: null, stdout: "", stderr: FULL });
  }],
  ["input that nobody asked for", ["check"], { stdin: "y\n".repeat(10_000) }, assertVerdict],
  ["many answers", MANY_WORDS, {}, (result) => assertFeatures(result, MANY)],
  ["an empty environment", ["check"], { through: ["env", "-i"] }, assertVerdict],
  ["a strange locale", ["check"], { env: { LC_ALL: "tlh_XX.KOI-7", LANGUAGE: "\x1b[31m" } }, assertVerdict],
  [
    "a home that is not there",
    ["check"],
    { env: { HOME: "/no/such", TMPDIR: "/no/such", XDG_CACHE_HOME: "" } },
    assertVerdict,
  ],
];

function redirectedByPath(redirect: string): string[] {
  const [shell, ...rest] = redirected(redirect);
  return [`/bin/${shell}`, ...rest];
}

for (const [name, words, start, expected] of ROWS) {
  Deno.test(`output: ${name}`, async () => expected(await cready(words, start)));
}

Deno.test("output: a small pipe that does not block loses nothing", async () => {
  const reader = ["python3", `${ROOT}/tests/cli/slow_reader.py`, BINARY];
  const { stdout: help } = await cready(["--help"]);
  assert.deepEqual(await run([...reader, "--help"]), { code: 0, signal: null, stdout: help, stderr: "" });
  const names = MANY.slice(0, 300);
  const words = ["check", "--feature", names.join(",")];
  assertFeatures(await run([...reader, ...words]), names);
  const { stdout } = await run([...reader, ...words, "--json"]);
  assert.ok(stdout.length > 20_000);
  assert.equal(JSON.parse(stdout).length, names.length);
});

const COLOUR = /\x1b\[[\d;]*m/g;

/** What a terminal shows in the end: each line from where it was last begun anew. */
function settled(terminal: string): string {
  return terminal.split("\n").map((line) => line.slice(line.lastIndexOf("\r\x1b[K") + 1).replace(/^\x1b\[K/, "")).join(
    "\n",
  );
}

/** The lines without colour that are not indented. */
function plain(terminal: string): string {
  return lines(settled(terminal).replace(COLOUR, "")).filter((line) => !line.startsWith(" ")).join("\n");
}

Deno.test("output: on a terminal the first word of a line is coloured and nothing else differs", async () => {
  const start = { through: WITHOUT_KCMP, env: { TERM: "xterm" } };
  const piped = await cready(["check"], start);
  const { code, terminal, stdout } = await onTerminal([2], ["check"], start);
  assert.equal(code, 1);
  assert.equal(stdout, piped.stdout);
  assert.equal(plain(terminal), piped.stderr.trimEnd());
  assert.match(terminal, /\x1b\[31mError\x1b\[0m \(cready\/kcmp\): /);
  assert.ok(terminal.includes(`\x1b[33mWarn\x1b[0m${BAD.slice("Warn".length)}`), JSON.stringify(terminal));
  const shown = settled(terminal);
  for (const line of lines(shown)) {
    const rest = line.replace(/^\x1b\[\d+m(Error|Warn|Info)\x1b\[0m/, "");
    assert.doesNotMatch(rest, COLOUR);
  }
  assert.match(shown, /^ {8}blocked {3}/m);
});

for (const [name, env] of [["NO_COLOR", { TERM: "xterm", NO_COLOR: "1" }], ["TERM=dumb", { TERM: "dumb" }]] as const) {
  Deno.test(`output: ${name} takes the colour away and no word`, async () => {
    const coloured = await onTerminal([2], ["check"], { through: WITHOUT_KCMP, env: { TERM: "xterm" } });
    const { terminal } = await onTerminal([2], ["check"], { through: WITHOUT_KCMP, env });
    assert.doesNotMatch(terminal, COLOUR);
    assert.equal(plain(terminal), plain(coloured.terminal));
    if (name === "TERM=dumb") assert.ok(!terminal.includes("\x1b") && !terminal.includes("\r"), "escape sequences");
  });
}

Deno.test("output: an empty NO_COLOR is none", async () => {
  const { terminal } = await onTerminal([2], ["check"], {
    through: WITHOUT_KCMP,
    env: { TERM: "xterm", NO_COLOR: "" },
  });
  assert.match(terminal, COLOUR);
});

for (
  const words of [["check"], ["check", "--all"], ["--help"], ["check", "--feature", "list"], [
    "check",
    "--feature",
    "kcmp",
  ]]
) {
  Deno.test(`output: stdout of ${words.join(" ")} is the same on a terminal and in a pipe`, async () => {
    const piped = await cready(words);
    const alone = await onTerminal([1], words, { env: { TERM: "xterm" } });
    assert.deepEqual([alone.code, alone.terminal], [piped.code, piped.stdout]);
    const apart = await onTerminal([0, 2], words, { env: { TERM: "xterm" } });
    assert.deepEqual([apart.code, apart.stdout], [piped.code, piped.stdout]);
    const together = await onTerminal([0, 1, 2], words, { env: { TERM: "xterm" } });
    assert.equal(together.code, piped.code);
    const shown = settled(together.terminal).replace(COLOUR, "");
    assert.ok(shown.includes(piped.stdout), shown);
    assert.doesNotMatch(shown, /[\x00-\x09\x0b-\x1f\x7f]/, "nothing of the line of progress is left");
  });
}

Deno.test("output: --ndjson on a terminal has each document on a line of its own", async () => {
  const { terminal } = await onTerminal([1, 2], ["check", "--ndjson"], { env: { TERM: "xterm" } });
  const documents = lines(settled(terminal).replace(COLOUR, "")).filter((line) => line.startsWith("{"));
  assert.ok(documents.length >= 2);
  for (const one of documents) assert.equal(typeof JSON.parse(one).verdict, "string");
});

Deno.test("output: -o FILE on a terminal leaves the terminal to the verdict", async () => {
  const file = await Deno.makeTempFile();
  try {
    const start = { through: WITHOUT_KCMP, env: { TERM: "xterm" } };
    const { terminal } = await onTerminal([1, 2], ["check", "-o", file], start);
    assert.equal(terminal, "");
    const log = await Deno.readTextFile(file);
    assert.ok(log.endsWith(`${BAD}\n`) && !log.includes("\x1b"), log);
  } finally {
    await Deno.remove(file);
  }
});
