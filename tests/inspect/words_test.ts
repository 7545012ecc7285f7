/** The command line of `cready inspect`: whom it inspects, what it says and how it ends, also for what is no process. */
import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { BINARY, cready, type Result, ROOT } from "../cli/binary.ts";
import { Target } from "./target.ts";

// deno-lint-ignore no-control-regex -- control bytes are what is looked for
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;

/** A sentence or a verdict, and nothing that a terminal would obey, whatever was asked. */
function sane({ code, signal, stdout, stderr }: Result, codes: readonly number[]): void {
  assert.equal(signal, null);
  assert(codes.includes(code), `${code}: ${stdout}${stderr}`);
  assert(!/cready itself failed|\bat .*\.ts:\d/.test(stderr), stderr);
  assert(!CONTROL.test(stdout) && !CONTROL.test(stderr), JSON.stringify(stdout + stderr));
}

const schema = new Ajv2020({ strict: true, validateFormats: false }).compile(
  JSON.parse(Deno.readTextFileSync(`${ROOT}/schema/json/inspection.json`)),
);

// deno-lint-ignore no-explicit-any -- the schema is what describes it
function document(line: string): any {
  const value = JSON.parse(line);
  assert(schema(value), JSON.stringify(schema.errors));
  return value;
}

for (
  const [words, sentence] of [
    [[], /at least one process/],
    [["0"], /0 is no pid/],
    [["--", "-1"], /-1 is no pid/],
    [["4194305"], /4194305 is no pid/],
    [["99999999999999999999"], /is no pid/],
    [["1.5"], /1\.5 is no pid/],
    [["\x1b[31m"], /\\x1b\[31m is no pid/],
    [["4194304"], /There is no process 4194304/],
    [["--name", "no-such-program"], /no process named no-such-program/],
    [["--cgroup", "/no/such/group"], /no cgroup \/no\/such\/group/],
    [["--engine", "lxc", "1"], /lxc is no engine/],
    [["--all", "1"], /--all/],
    [["--with", "tcp-close", "1"], /--with takes options/],
    [["--with", "'--tcp-close", "1"], /quote without an end/],
    [["--criu", "/bin/true", "1"], /does not say the version/],
    [["--nonsense"], /unrecognized option/],
  ] as const
) {
  Deno.test(`inspect ${words.map((word) => JSON.stringify(word)).join(" ")} ends with 2 and a sentence`, async () => {
    const result = await cready(["inspect", ...words]);
    sane(result, [2]);
    assert.match(result.stderr, sentence);
    assert.equal(result.stderr.trimEnd().split("\n").length, 1);
    assert.equal(result.stdout, "");
  });
}

Deno.test("inspect --help names every option", async () => {
  const { code, stdout } = await cready(["inspect", "--help"]);
  assert.equal(code, 0);
  for (const word of ["--name", "--cgroup", "--all", "--with", "--engine", "--stop", "--json", "Exit codes"]) {
    assert(stdout.includes(word), word);
  }
});

Deno.test("a program that sleeps can be dumped, in words and as a document", async () => {
  await using target = await Target.start("plain");
  const words = await cready(["inspect", `${target.pid}`]);
  sane(words, [0]);
  assert.match(words.stdout, new RegExp(`^${target.pid} python3 +1 task, 1 thread, uid \\d+`));
  assert.match(words.stdout, /^Can be dumped$/m);
  assert.match(words.stdout, /^Restore: expected to succeed$/m);
  assert.match(words.stdout, new RegExp(`^criu dump -t ${target.pid} -D DIR$`, "m"));
  const json = await cready(["inspect", "--json", `${target.pid}`]);
  const { process, dump, restore, options, obstacles, assumptions, tasks } = document(json.stdout);
  assert.deepEqual([dump, restore, options, obstacles, tasks], ["DUMPABLE", "EXPECTED", [], [], 1]);
  assert.match(process.id, new RegExp(`^${target.pid}@\\d+$`));
  assert(assumptions.length > 0);
  assert.deepEqual(await cready(["inspect", "-q", `${target.pid}`]), { code: 0, signal: null, stdout: "", stderr: "" });
});

Deno.test("several processes are several documents, and the worst decides", async () => {
  await using plain = await Target.start("plain");
  await using zombie = await Target.start("zombie");
  const { code, stdout } = await cready(["inspect", "--json", `${plain.pid}`, `${zombie.pid}`]);
  assert.equal(code, 1);
  const documents = stdout.trimEnd().split("\n").map(document);
  assert.deepEqual(documents.map(({ process, dump }) => [process.pid, dump]), [
    [plain.pid, "DUMPABLE"],
    [zombie.pid, "BLOCKED"],
  ]);
  assert(documents[1].obstacles.some(({ rule }: { rule: string }) => rule === "tree-root-zombie"));
});

Deno.test("a thread is no process, and its process is named", async () => {
  await using target = await Target.start("thread");
  const tids = [...Deno.readDirSync(`/proc/${target.pid}/task`)].map(({ name }) => Number(name));
  const tid = tids.find((one) => one !== target.pid)!;
  const result = await cready(["inspect", `${tid}`]);
  sane(result, [2]);
  assert.match(result.stderr, new RegExp(`${tid} is a thread of process ${target.pid}`));
});

Deno.test("kernel threads, where there are any, cannot be dumped", async () => {
  const pids = [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((name) => {
    try {
      return /^\d+$/.test(name) &&
        (Number(Deno.readTextFileSync(`/proc/${name}/stat`).split(") ")[1]?.split(" ")[6]) & 0x200000) !== 0;
    } catch {
      return false;
    }
  });
  for (const pid of pids.slice(0, 1)) {
    const result = await cready(["inspect", "--json", pid]);
    sane(result, [1]);
    assert.equal(document(result.stdout).obstacles[0].rule, "tree-kernel-thread");
  }
});

Deno.test("names that a terminal would obey are shown as they are", async () => {
  await using target = await Target.start("hostile");
  const words = await cready(["inspect", `${target.pid}`]);
  sane(words, [3]);
  assert.match(words.stdout, /\\x1b\[31m/);
  assert.match(words.stdout, /cready-\\x1b\[2J\\x0a\\xff-/);
  const json = await cready(["inspect", "--json", `${target.pid}`]);
  assert.deepEqual(document(json.stdout).options.map(({ text }: { text: string }) => text), ["--link-remap"]);
});

Deno.test("a tree of a thousand generations is inspected to its end", async () => {
  await using target = await Target.start("deep");
  const { code, stdout, stderr } = await cready(["inspect", "--json", `${target.pid}`]);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  assert.equal(document(stdout).tasks, 1001);
});

for (const name of ["storm", "execs"]) {
  Deno.test(`a target that ${name === "storm" ? "forks all the time" : "executes itself anew"} is no reason to fail`, async () => {
    await using target = await Target.start(name);
    for (let i = 0; i < 5; i++) sane(await cready(["inspect", `${target.pid}`]), [0, 1, 2, 3, 4]);
  });
}

Deno.test("a target that ends meanwhile is no reason to fail", async () => {
  for (let i = 0; i < 10; i++) {
    const child = new Deno.Command("sleep", { args: [`0.0${i}`], stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
    sane(await cready(["inspect", `${child.pid}`]), [0, 1, 2, 3, 4]);
    await child.status;
  }
});

Deno.test("a process is found by its cgroup, where it has one of its own", async () => {
  await using target = await Target.start("plain");
  const lines = Deno.readTextFileSync(`/proc/${target.pid}/cgroup`).split("\n").map((line) => line.split(":"));
  for (const [, , group] of lines.filter(([, , path]) => path !== undefined && path !== "/").slice(0, 1)) {
    const result = await cready(["inspect", "-q", "--cgroup", group!]);
    sane(result, [0, 1, 2, 3, 4]);
    assert(result.code !== 2 || /no process in the cgroup|no cgroup/.test(result.stderr));
  }
});

Deno.test("--name finds the roots of all processes with the name", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.copyFile("/bin/sleep", `${folder}/cready-sleeper-x`);
  const child = new Deno.Command("setsid", {
    args: [`${folder}/cready-sleeper-x`, "60"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  })
    .spawn();
  try {
    let result: Result;
    do result = await cready(["inspect", "--json", "--name", "cready-sleeper-x"]); while (result.code === 2);
    assert.deepEqual(document(result.stdout).process.pid, child.pid);
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("--all has a row for every tree, worst first, and a sum", async () => {
  const result = await cready(["inspect", "--all"]);
  sane(result, [0, 1, 3, 4]);
  const [head, ...rows] = result.stdout.trimEnd().split("\n");
  const sum = rows.pop()!;
  assert.match(head!, /^ *PID +NAME +VERDICT +OPTIONS +FIRST REASON$/);
  assert.match(sum, /^\d+ trees?: \d+ dumpable, \d+ with options, \d+ blocked, \d+ unknown$/);
  const order = ["BLOCKED", "UNKNOWN", "NEEDS_OPTIONS", "DUMPABLE"];
  const verdicts = rows.map((row) => order.findIndex((word) => row.includes(` ${word}`)));
  assert.deepEqual(verdicts, [...verdicts].sort((a, b) => a - b));
  const blocked = verdicts.filter((verdict) => verdict === 0).length;
  assert(sum.includes(` ${blocked} blocked`));
  assert.equal(result.code, blocked > 0 ? 1 : verdicts.includes(1) ? 4 : verdicts.includes(2) ? 3 : 0);
});

Deno.test("--with gives options that need not be named any more", async () => {
  await using target = await Target.start("hostile");
  const result = await cready(["inspect", "--json", "--with", "--link-remap --tcp-close", `${target.pid}`]);
  const { dump, options, command } = document(result.stdout);
  assert.deepEqual([dump, options], ["DUMPABLE", []]);
  assert.equal(command, `criu dump -t ${target.pid} -D DIR --link-remap --tcp-close`);
});

Deno.test("--pre-dump judges memory alone", async () => {
  await using target = await Target.start("hostile");
  const { options } = document((await cready(["inspect", "--json", "--pre-dump", `${target.pid}`])).stdout);
  assert.deepEqual(options, []);
});

Deno.test("--lazy-pages cannot go with --pre-dump", async () => {
  await using target = await Target.start("plain");
  const result = await cready(["inspect", "--json", "--pre-dump", "--lazy-pages", `${target.pid}`]);
  sane(result, [1]);
  assert.equal(document(result.stdout).obstacles[0].message, "Cannot pre-dump with --lazy-pages");
});

Deno.test("a stop whose signal nobody can see any more is unknown, and --stop sees it", async () => {
  await using target = await Target.start("stopped");
  const without = document((await cready(["inspect", "--json", `${target.pid}`])).stdout);
  assert.deepEqual([without.dump, without.stoppedMs], ["UNKNOWN", null]);
  const { dump, obstacles, stoppedMs } = document(
    (await cready(["inspect", "--json", "--stop", `${target.pid}`])).stdout,
  );
  assert.equal(dump, "BLOCKED");
  const child = obstacles[0].process.pid;
  assert.equal(obstacles[0].message, `SEIZE ${child}: unsupported stop signal 21`);
  assert(stoppedMs > 0);
  const state = Deno.readTextFileSync(`/proc/${child}/stat`).split(") ")[1]![0];
  assert.equal(state, "T", "it is stopped as it was before");
});

Deno.test("without rights a process of somebody else cannot be dumped, and the right that is missing is named", async () => {
  await using target = await Target.start("plain");
  const folder = await Deno.makeTempDir();
  try {
    await Deno.chmod(folder, 0o755);
    await Deno.copyFile(BINARY, `${folder}/cready`);
    const through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"];
    const result = await cready(["inspect", `${target.pid}`], { through, program: `${folder}/cready` });
    sane(result, [1]);
    assert.match(result.stdout, /has neither CAP_SYS_ADMIN nor CAP_CHECKPOINT_RESTORE/);
    const hidden = [
      "unshare",
      "-m",
      "sh",
      "-c",
      'mount -t proc -o hidepid=2 proc /proc && exec "$@"',
      "sh",
      ...through,
    ];
    const unseen = await cready(["inspect", `${target.pid}`], { through: hidden, program: `${folder}/cready` });
    sane(unseen, [2]);
    assert.match(unseen.stderr, /is there, but \/proc does not show it: mounted with hidepid/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
