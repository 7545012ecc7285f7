/** `cready why` as a user runs it. */
import assert from "node:assert/strict";
import { ENGINE_TEXTS } from "../testdata/engine_texts.ts";
import { BINARY, cready, ROOT, run } from "./binary.ts";

const LOGS = `${ROOT}/tests/testdata/logs`;
const STREAM = new URL("stream.py", import.meta.url).pathname;

/** Nothing that a terminal would obey. */
// deno-lint-ignore no-control-regex -- control bytes are what is looked for
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;

Deno.test("a log is explained: cause, object, rule, remedy, cost and where the option goes", async () => {
  const { code, stdout, stderr } = await cready(["why", `${LOGS}/tcp-connected.log`]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  assert.equal(
    stdout,
    `criu 4.2.1 could not dump: 1 cause

1082 fd 4: a TCP connection   rule tcp-connected
  criu says   inet: Connected TCP socket, consider using --tcp-established option.   line 63
  mend        Give --tcp-established at dump and restore to keep it, or --tcp-close to drop it.
  costs       address and port must be free at restore and the peer must be held off meanwhile; with
              --tcp-close the peer is cut off
  criu        criu dump … --tcp-established, or put tcp-established into /etc/criu/default.conf
`,
  );
});

Deno.test("standard input is read, and the engine is taken from the command line", async () => {
  const stdin = Deno.readTextFileSync(`${LOGS}/file-lock.log`);
  const { code, stdout } = await cready(["why", "--engine", "containerd", "-"], { stdin });
  assert.equal(code, 0);
  assert.match(stdout, /rule lock-any$/m);
  assert.match(stdout, /^ {2}containerd +put file-locks into \/etc\/criu\/runc\.conf$/m);
});

Deno.test("--json has everything in one object", async () => {
  const { code, stdout } = await cready(["why", "--json", `${LOGS}/socketpair-outside.log`]);
  assert.equal(code, 0);
  const told = JSON.parse(stdout);
  assert.equal(told.schemaVersion, 1);
  assert.deepEqual(
    [told.criu, told.stage, told.engine, told.succeeded, told.unknown],
    ["4.2.1", "DUMP", null, false, []],
  );
  const [cause] = told.causes;
  assert.deepEqual([cause.id, cause.kind, cause.subject], ["unix-ext-stream", "RULE", "3452 fd 8"]);
  assert.match(cause.options[0], /^--external unix\[\d+\]$/);
  assert.match(cause.placement.line, /^external unix\[\d+\]$/);
});

for (const { source, text, causes, logFiles, exit, placement } of ENGINE_TEXTS) {
  Deno.test(`an engine's text is explained: ${source}`, async () => {
    const { code, stdout, stderr } = await cready(["why", "-"], { stdin: text });
    assert.equal(stderr, "");
    assert.equal(code, exit);
    for (const cause of causes) assert(stdout.includes(cause.split(":")[0]!), stdout);
    if (exit === 1) { for (const path of logFiles) assert(stdout.includes(`  cready why ${path}\n`), stdout); }
    if (placement) assert.match(stdout, placement);
  });
}

Deno.test("an unknown line is said to be unknown, and no byte of it reaches the terminal as it is", async () => {
  const stdin = "(00.1) Error (criu/x.c:1): \x1b]0;owned\x07\x9b31m never seen \xff\n";
  const { code, stdout } = await cready(["why", "-"], { stdin });
  assert.equal(code, 1);
  assert.match(stdout, /^Not known to cready:\n {2}line 1 +\\x1b\]0;owned\\x07/m);
  assert.doesNotMatch(stdout, CONTROL);
});

Deno.test("names in a known line are shown without control bytes too", async () => {
  const stdin = "(00.1) Error (criu/files-reg.c:1): Can't create link remap for /a\x1b[2J b. Use link-remap option.\n";
  const { code, stdout } = await cready(["why", "-"], { stdin });
  assert.equal(code, 0);
  assert.match(stdout, /\/a\\x1b\[2J b/);
  assert.doesNotMatch(stdout, CONTROL);
});

Deno.test("a log without an error, and an empty one, end with 4", async () => {
  for (const stdin of ["", "\n", "(00.1) Dumping finished successfully\n", "hello\n"]) {
    assert.equal((await cready(["why", "-"], { stdin })).code, 4);
  }
});

const REFUSED: readonly (readonly [words: readonly string[], sentence: string])[] = [
  [["why"], "why takes one log: a file, or - for standard input"],
  [["why", "a", "b"], "why takes one log: a file, or - for standard input"],
  [["why", "/nonexistent/dump.log"], "Cannot read /nonexistent/dump.log: ENOENT"],
  [["why", "/"], "Cannot read /: EISDIR"],
  [["why", "a\x1b[2Jb"], "Cannot read a\\x1b[2Jb: ENOENT"],
  [
    ["why", "--engine", "lxc", "-"],
    "unknown engine: lxc; there is criu, runc, crun, podman, cri-o, crio, containerd, docker",
  ],
  [
    ["why", "--engine", "constructor", "-"],
    "unknown engine: constructor; there is criu, runc, crun, podman, cri-o, crio, containerd, docker",
  ],
  [["why", "--nonsense"], "unrecognized option '--nonsense'"],
];

for (const [words, sentence] of REFUSED) {
  Deno.test(`${JSON.stringify(words)} is refused with 2 and one sentence`, async () => {
    assert.deepEqual(await cready(words), {
      code: 2,
      signal: null,
      stdout: "",
      stderr: `Error (cready/why): ${sentence}\n`,
    });
  });
}

Deno.test("help tells options and exit codes", async () => {
  const { code, stdout } = await cready(["why", "--help"]);
  assert.equal(code, 0);
  for (const word of ["--engine NAME", "--json", "Exit code: 0", "4 there is"]) assert(stdout.includes(word), word);
});

/** Whatever comes: at most so much is held. */
const LIMIT_KIB = 200 * 1024;

const STREAMS: readonly (readonly [kind: string, megabytes: number, code: number, out: RegExp])[] = [
  ["log", 300, 0, /^4711 fd 8: a TCP connection {3}rule tcp-connected$/m],
  ["errors", 30, 1, /^criu could not go on: 200 lines that cready does not know$/m],
  ["random", 50, 4, /^There is no error in this log\.$/m],
  ["line", 50, 4, /^There is no error in this log\.$/m],
];

for (const [kind, megabytes, code, out] of STREAMS) {
  Deno.test(`${megabytes} MB of ${kind} are read with bounded memory`, async () => {
    const result = await run(["python3", STREAM, kind, String(megabytes), BINARY, "why", "-"]);
    assert.equal(result.code, 0, result.stderr);
    const told = JSON.parse(result.stdout);
    assert.equal(told.code, code, told.out);
    assert.match(told.out, out);
    assert(told.kib < LIMIT_KIB, `${told.kib} KiB`);
  });
}
