/** Command lines: words in, words and exit code out. Nothing here depends on what this kernel has. */
import assert from "node:assert/strict";
import { CHECK_OPTIONS } from "../../cli/check_options.ts";
import { COMMANDS } from "../../cli/commands.ts";
import { CRIU_NAMES as FEATURE_NAMES } from "../../probes/names.ts";
import { CRIU_VERSION, VERSION } from "../../version.ts";
import { cready, type Result, sandbox } from "./binary.ts";
import { assertFeatures, assertOrderly, assertVerdict, BAD, lines } from "./expect.ts";

/** A feature that criu knows too, and of which nothing is expected but an answer. */
const NAME = FEATURE_NAMES[0]!;
/** Two of the required checks, by ids that can never change. */
const [KCMP, MAP_FILES] = ["kcmp", "map_files"];

/** Under this a machine surely lacks something required, and it is known what cready says of it. */
const WITHOUT_KCMP = sandbox("--answer", "kcmp=EPERM");
const KCMP_LINE = /^Error \(cready\/kcmp\): .*seccomp.*kcmp\(self, self, KCMP_VM\).*EPERM/;

type Check = (result: Result) => void;
type Row = readonly [words: readonly string[], expected: Check];

const error = (text: string, place = "check") => `Error (cready/${place}): ${text}\n`;

/** Exactly this exit code, stdout and stderr. */
const exactly = (code: number, stdout: string, stderr = ""): Check => (result) => {
  assert.deepEqual(result, { code, signal: null, stdout, stderr });
};

/** A fault of the caller's: one sentence on stderr, nothing on stdout. */
const refused = (text: string, code = 1, place = "check") => exactly(code, "", error(text, place));

const features = (...names: string[]): Check => (result) => assertFeatures(result, names);

const answered = (code: number, stdout: RegExp): Check => (result) => {
  assert.equal(result.code, code);
  assert.match(result.stdout, stdout);
  assert.equal(result.stderr, "");
};

const LIST = exactly(0, `${FEATURE_NAMES.join(" ")}\n`);
const VERSION_LINE = exactly(0, `cready ${VERSION} (answers as criu check ${CRIU_VERSION})\n`);
const HELP = answered(0, /^Usage:$[^]*^Commands:$[^]*^Check options:$/m);
const CHECK_HELP = answered(0, /^Usage: cready check/);
const SHORT_HELP = answered(2, /^cready: .*\n\nUsage:\n[^]*cready --help/);
const COMMAND_NAMES = COMMANDS.map(({ name }) => name).join(", ");
const unknownCommand = (shown: string) => refused(`unknown command: ${shown}; there is ${COMMAND_NAMES}`, 2, "cready");

/** -v3: each call is a line with the time before it; the verdict is the same. */
const talkative: Check = (result) => {
  const log = lines(result.stderr);
  assert.ok(log.length > 0);
  for (const line of log) {
    if (line !== BAD) assert.match(line, /^\(\d\d\.\d{6}\) (Error |Warn {2}|Info {2})\(cready\/[\w-]+\): \S/);
  }
  assert.match(result.stderr, /\) Info {2}\(cready\/map_files\): open\(/);
  assertVerdict({ ...result, stderr: lines(result.stderr).map((line) => line.replace(/^\([\d.]+\) /, "")).join("\n") });
};

const ROWS: readonly Row[] = [
  // The command word
  [[], SHORT_HELP],
  [["--"], SHORT_HELP],
  [["bogus"], unknownCommand("bogus")],
  [["checkk"], unknownCommand("checkk")],
  [["Check"], unknownCommand("Check")],
  [["help"], unknownCommand("help")],
  [["dump", "--help"], unknownCommand("dump")],
  [["-"], unknownCommand("-")],
  [[""], unknownCommand("")],
  [["\x1b[2J"], unknownCommand("\\x1b[2J")],
  [["x".repeat(10_000)], unknownCommand(`${"x".repeat(200)}…`)],
  [["--extra"], refused("command is required", 1, "cready")],
  [["-v4"], refused("command is required", 1, "cready")],
  [["-o", "check"], refused("command is required", 1, "cready")],

  // Categories
  [["check"], assertVerdict],
  [["check", "--extra"], assertVerdict],
  [["check", "--experimental"], assertVerdict],
  [["check", "--all"], assertVerdict],
  [["check", "--all", "--no-extra"], assertVerdict],
  [["check", "--extra", "--no-extra"], assertVerdict],
  [["check", "--no-experimental"], assertVerdict],
  [["check", "--unprivileged"], assertVerdict],
  [["check", "--no-autoload"], assertVerdict],
  [["check", "--extr"], assertVerdict],
  [["--extra", "check"], assertVerdict],
  [["check", "--"], assertVerdict],
  [["--", "check"], assertVerdict],

  // What criu has for its other commands is taken and ignored
  [["check", "-j", "--tcp-established", "-t", "5", "--config", "/dev/null", "--no-default-config"], assertVerdict],
  [["check", "-x"], assertVerdict],

  // Features
  [["check", "--feature", NAME], features(NAME)],
  [["check", `--feature=${NAME}`], features(NAME)],
  [["check", "--feat", NAME], features(NAME)],
  [["--feature", NAME, "check"], features(NAME)],
  [["check", "--feature", KCMP], features(KCMP)],
  [["check", "--feature", MAP_FILES, "--feature", KCMP], features(KCMP)],
  [["check", "--feature", "no such", "--feature", KCMP], refused("Unknown feature no such")],
  [["check", "--feature", "no such", "--ms"], refused("Unknown feature no such")],
  [["check", "--feature", KCMP, "--all"], features(KCMP)],
  [["check", "--feature", `${KCMP},${MAP_FILES}`], features(KCMP, MAP_FILES)],
  [["check", "--feature", FEATURE_NAMES.join(",")], features(...FEATURE_NAMES)],
  [["check", "--feature", ""], refused("Unknown feature ")],
  [["check", "--feature="], refused("Unknown feature ")],
  [["check", "--feature", " "], refused("Unknown feature  ")],
  [["check", "--feature", ","], refused("Unknown feature ")],
  [["check", "--feature", `${KCMP},`], refused("Unknown feature ")],
  [["check", "--feature", `${KCMP},list`], refused("Unknown feature list")],
  [["check", "--feature", `list,${KCMP}`], refused("Unknown feature list")],
  [["check", "--feature", "List"], refused("Unknown feature List")],
  [["check", "--feature", ` ${KCMP}`], refused(`Unknown feature  ${KCMP} (did you mean ${KCMP}?)`)],
  [["check", "--feature", "x".repeat(10_000)], refused(`Unknown feature ${"x".repeat(200)}…`)],
  [["check", "--feature", "\x1b[31mred\x07\x9b0m\x7f"], refused("Unknown feature \\x1b[31mred\\x07\\x9b0m\\x7f")],
  [["check", "--feature", "a\nb\r\tc"], refused("Unknown feature a\\x0ab\\x0d\\x09c")],
  [["check", "--feature", "\u202ekcmp"], refused("Unknown feature \\x202ekcmp (did you mean kcmp?)")],
  [["check", "--feature", "日本語"], refused("Unknown feature 日本語")],
  [["check", "--feature", "-v"], refused("Unknown feature -v")],
  [["check", "--feature", "--extra"], refused("Unknown feature --extra")],
  [["check", "--feature", NAME.slice(0, -1)], refused(`Unknown feature ${NAME.slice(0, -1)} (did you mean ${NAME}?)`)],
  [["check", "--feature", "mapfiles"], refused("Unknown feature mapfiles (did you mean map_files?)")],
  [["check", "--feature", "zzzzzz"], refused("Unknown feature zzzzzz")],

  // The list, printed as soon as it is asked for, as in the patch of 2016
  [["check", "--feature", "list"], LIST],
  [["--feature", "list"], LIST],
  [["--feature=list"], LIST],
  [["--feature", "list", "check"], LIST],
  [["check", "--feature", "list", "--all"], LIST],
  [["check", "--all", "--feature", "list"], LIST],
  [["check", "--feature", "list", "--feature", KCMP], LIST],
  [["check", "--feature", KCMP, "--feature", "list"], LIST],
  [["check", "--feature", "list", "--ms"], LIST],
  [["check", "--feature", "list", "a", "b"], LIST],

  // Faults
  [["check", "foo"], refused("excessive parameter for command check")],
  [["check", "foo", "bar"], refused("excessive parameters for command check")],
  [["check", ""], refused("excessive parameter for command check")],
  [["check", "-"], refused("excessive parameter for command check")],
  [["check", "check"], refused("excessive parameter for command check")],
  [["check", "--", "--feature"], refused("excessive parameter for command check")],
  [["check", "--feature", KCMP, "foo"], refused("excessive parameter for command check")],
  [["check", "--bogus"], refused("unrecognized option '--bogus'")],
  [["check", "--bogus=3"], refused("unrecognized option '--bogus'")],
  [["check", "--=3"], refused("unrecognized option '--'")],
  [["check", "--\x1b]0;x\x07"], refused("unrecognized option '--\\x1b]0;x\\x07'")],
  [["check", "---"], refused("unrecognized option '---'")],
  [["check", "-z"], refused("invalid option -- 'z'")],
  [["check", "-\x1b"], refused("invalid option -- '\\x1b'")],
  [["check", "--extra=3"], refused("option '--extra' doesn't allow an argument")],
  [["check", "--feature"], refused("option '--feature' requires an argument")],
  [["check", "--fe"], refused("option '--feature' requires an argument")],
  [["check", "-o"], refused("option requires an argument -- 'o'")],
  [["check", "-W"], refused("option requires an argument -- 'W'")],
  [["check", "--timeout"], refused("option '--timeout' requires an argument")],
  [["check", "--ms"], refused('--ms is deprecated; see "Check options" of cready --help')],
  [["--ms"], refused('--ms is deprecated; see "Check options" of cready --help', 1, "cready")],
  [["--ms", "check"], refused('--ms is deprecated; see "Check options" of cready --help')],
  [["check", "--ms", "--feature", "list"], refused('--ms is deprecated; see "Check options" of cready --help')],

  // Verbosity
  [["check", "-v0"], assertVerdict],
  [["check", "-v1"], assertVerdict],
  [["check", "-v2"], assertVerdict],
  [["check", "-v"], talkative],
  [["check", "-vv"], talkative],
  [["check", "-v", "-v"], talkative],
  [["check", "-v3"], talkative],
  [["check", "-v4"], talkative],
  [["check", "--verbosity"], talkative],
  [["check", "--verbosity=3"], talkative],
  [["-v4", "check"], talkative],
  [["check", "-v", "x"], refused("excessive parameter for command check")],
  [["check", "-vx"], refused("invalid argument for --verbosity: x")],
  [["check", "--verbosity=\x1b"], refused("invalid argument for --verbosity: \\x1b")],

  // Folders and files
  [["check", "-o", "-"], assertVerdict],
  [["check", "-o", "/no/such/folder/log"], refused("Can't create log file /no/such/folder/log: ENOENT")],
  [["check", "-o", ""], refused("Can't create log file : ENOENT")],
  [["check", "-o", "/tmp"], refused("Can't create log file /tmp: EISDIR")],
  [["check", "-o", "\x1b/x"], refused("Can't create log file \\x1b/x: ENOENT")],
  [["check", "-W", "/"], assertVerdict],
  [["check", "-D", "/"], assertVerdict],
  [["check", "-W", "/no/such"], refused("Can't change directory to /no/such: ENOENT")],
  [["check", "-D", "/no/such"], refused("Can't change directory to /no/such: ENOENT")],
  [["check", "-D", "/", "-W", "/no/such"], refused("Can't change directory to /no/such: ENOENT")],
  [["check", "-W", "/proc/version"], refused("Can't change directory to /proc/version: ENOTDIR")],

  // Time
  [["check", "--timeout", "60"], assertVerdict],
  [["check", "--timeout", "0.001"], assertVerdict],
  [["check", "--timeout", "0"], (result) => {
    assertVerdict(result);
    assert.match(result.stdout, /^Cannot tell: /);
    assert.match(result.stderr, /^Error \(cready\/map_files\): not asked: .*--timeout/);
  }],
  [["check", "--feature", KCMP, "--timeout", "0"], (result) => {
    features(KCMP)(result);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /^Error \(cready\/kcmp\): not asked: .*--timeout/);
  }],
  ...["", "x", "-1", "1e3", "0x10", " 1", "1s", "99999999", ".5"].map((value): Row => [
    ["check", "--timeout", value],
    refused(`invalid argument for --timeout: ${value}`),
  ]),

  // Only the exit code
  [["check", "--quiet"], (result) => exactly(result.code === 0 ? 0 : 1, "")(result)],
  [["check", "--all", "--quiet"], (result) => exactly(result.code === 0 ? 0 : 1, "")(result)],
  [["check", "--quiet", "--json"], (result) => exactly(result.code === 0 ? 0 : 1, "")(result)],
  [["check", "--quiet", "--feature", KCMP], (result) => exactly(result.code === 0 ? 0 : 1, "")(result)],

  // About the program
  [["--version"], VERSION_LINE],
  [["-V"], VERSION_LINE],
  [["check", "--version"], VERSION_LINE],
  [["check", "-V", "--all"], VERSION_LINE],
  [["--help"], HELP],
  [["-h"], HELP],
  [["check", "--help"], CHECK_HELP],
  [["check", "-h"], CHECK_HELP],
  [["--help", "check"], CHECK_HELP],
  ...COMMANDS.map(({ name }): Row => [[name, "--help"], answered(0, new RegExp(`^Usage: cready ${name}`))]),
];

/** Each row's run, begun while the row before it is looked at: two processors are the least there is. */
const runs = new Map<number, Promise<Result>>();
function runOf(row: number): Promise<Result> {
  for (const one of [row, row + 1]) {
    if (!ROWS[one] || runs.has(one)) continue;
    const run = cready(ROWS[one][0]);
    run.catch(() => {}); // told by the test that waits for it
    runs.set(one, run);
  }
  return runs.get(row)!;
}

for (const [row, [words, expected]] of ROWS.entries()) {
  const shown = JSON.stringify(words).replace(/(.{60}).*(.{10})/, "$1…$2").replace(/[^ -~…]/g, "?");
  Deno.test({
    name: `words ${shown}`,
    // The next row's run goes on.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => expected(await runOf(row)),
  });
}

for (const word of ["--no", "--e", "--ex", "--t"]) {
  Deno.test(`words ["check","${word}"] are ambiguous`, async () => {
    const result = await cready(["check", word]);
    assertOrderly(result);
    assert.equal(result.code, 1);
    assert.equal(result.stdout, "");
    const found = /^Error \(cready\/check\): option '(.*)' is ambiguous; possibilities: (.*)\n$/.exec(result.stderr);
    assert.equal(found?.[1], word);
    const named = found![2]!.split(" ");
    assert.ok(named.length > 1);
    for (const one of named) assert.ok(one.startsWith(`'${word}`), one);
  });
}

/** Rows for a machine that lacks a required feature: what is said at which verbosity. */
const BAD_ROWS: readonly (readonly [words: readonly string[], stdout: string, stderr: readonly (RegExp | string)[]])[] =
  [
    [[], "", [KCMP_LINE, BAD]],
    [["-v2"], "", [KCMP_LINE, BAD]],
    [["-v1"], "", [KCMP_LINE, BAD]],
    [["-v0"], "", [BAD]],
    [["--all"], "", [KCMP_LINE, BAD]],
    [["--feature", KCMP], "", [KCMP_LINE]],
    [["--feature", KCMP, "-v0"], "", []],
    [["--feature", `${KCMP},${KCMP}`], "", [KCMP_LINE, KCMP_LINE]],
    [["--quiet"], "", []],
    [["--remedies"], "", [KCMP_LINE, /^ {8}blocked {3}.*seccomp/, /^ {8}without {3}/, /^ {8}mend {6}/, BAD]],
  ];

for (const [words, stdout, stderr] of BAD_ROWS) {
  Deno.test(`words ${JSON.stringify(["check", ...words])} where kcmp is refused`, async () => {
    const result = await cready(["check", ...words], { through: WITHOUT_KCMP });
    assert.equal(result.code, 1);
    assert.equal(result.stdout, stdout);
    // Other required features may be in doubt, or blocked by the filter too; before the first no they are told as well.
    const said = lines(result.stderr).filter((line) => line.includes("kcmp") || line === BAD || line.startsWith(" "));
    for (const [i, line] of stderr.entries()) {
      if (typeof line === "string") assert.ok(said.includes(line), result.stderr);
      else assert.ok(said.slice(i).some((one) => line.test(one)), `${line} is not in ${result.stderr}`);
    }
    if (stderr.length === 0) assert.equal(result.stderr, "");
    assert.equal(said.includes(BAD), stderr.includes(BAD));
  });
}

Deno.test("words -o FILE: the log goes to a file of mode 0600, the verdict stays", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/old`, "an older and longer log\n".repeat(100));
    for (const name of ["new", "old"]) {
      const result = await cready(["check", "-o", name, "-W", folder], { through: WITHOUT_KCMP });
      assert.deepEqual(result, { code: 1, signal: null, stdout: "", stderr: "" });
      const log = lines(await Deno.readTextFile(`${folder}/${name}`));
      assert.match(log.find((line) => line.includes("kcmp")) ?? "", KCMP_LINE);
      assert.equal(log.at(-1), BAD);
    }
    assert.equal((await Deno.stat(`${folder}/new`)).mode! & 0o777, 0o600);
    const good = await cready(["check", "-v3", "-o", `${folder}/good`]);
    assert.equal(good.stderr, "");
    assert.match(await Deno.readTextFile(`${folder}/good`), /Info {2}\(cready\/map_files\)/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("words -o -: the log is on stdout, before the verdict", async () => {
  const { code, stdout, stderr } = await cready(["check", "-o", "-"], { through: WITHOUT_KCMP });
  assert.equal(code, 1);
  assert.equal(stderr, "");
  const log = lines(stdout);
  assert.match(log.find((line) => line.includes("kcmp")) ?? "", KCMP_LINE);
  assert.equal(log.at(-1), BAD);
});

Deno.test("help describes every option of check and names every feature and command", async () => {
  for (const words of [["--help"], ["check", "--help"]]) {
    const { stdout } = await cready(words);
    for (const { name, short, help } of CHECK_OPTIONS) {
      assert.match(stdout, new RegExp(`^ +(-${short ?? "\\w"}, )?--${name}(?![\\w-])`, "m"), name);
      assert.ok(stdout.replace(/\s+/g, " ").includes(help), help);
    }
    const listed = stdout.slice(stdout.indexOf("Features:")).split(/[\s,]+/);
    for (const name of FEATURE_NAMES) assert.ok(listed.includes(name), name);
    for (const line of lines(stdout)) assert.ok(line.length <= 120, `too wide: ${line}`);
  }
  const { stdout } = await cready(["--help"]);
  for (const { name, summary } of COMMANDS) {
    assert.match(stdout, new RegExp(`^ +${name} `, "m"));
    assert.ok(stdout.replace(/\s+/g, " ").includes(summary));
  }
});

Deno.test("help is the same wherever it goes, and asks for no right", async () => {
  const { stdout } = await cready(["--help"]);
  const bare = await cready(["--help"], { through: sandbox("--answer", "ptrace=EPERM", "--uid", "65534"), cwd: "/" });
  assert.deepEqual(bare, { code: 0, signal: null, stdout, stderr: "" });
});
