/** What cready says of containers is what their engines do: runc, crun, podman and containerd of Debian, with the newest criu. */
import assert from "node:assert/strict";

const ROOT = new URL("../..", import.meta.url).pathname;
const PYTHON = "/usr/bin/python3";

interface Case {
  readonly name: string;
  readonly engine: "runc" | "crun" | "podman" | "containerd";
  readonly args: readonly string[];
  readonly tty?: boolean;
  readonly binds?: readonly (readonly [source: string, target: string])[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** criu's config files, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** What the first dump is said to be. */
  readonly dump: "DUMPABLE" | "NEEDS_OPTIONS" | "BLOCKED";
  /** The rule that says so. */
  readonly rule?: string;
}

interface Attempt {
  readonly failed?: string;
  readonly flags: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly code: number;
  readonly inspection: string;
  readonly byGroup: number;
  readonly checkpoint: number;
  readonly said: string;
  readonly log: readonly string[] | null;
  readonly restore?: number | null;
  readonly restoreLog?: readonly string[];
  readonly why?: string;
  readonly whyLog?: string | null;
}

const situation = (...words: string[]) => ["/bin/situation", ...words];
const VOLUME = ["/tmp/volume", "/data"] as const;
const SOCKET = ["/tmp/socket", "/socket"] as const;
const LOCKS = { rule: "lock-any" };

/** The situations; `both` are those of the runtimes by themselves. */
const both = (engine: "runc" | "crun"): Case[] => [
  { name: "plain", engine, args: situation(), dump: "DUMPABLE" },
  { name: "lock", engine, args: situation("lock"), dump: "NEEDS_OPTIONS", ...LOCKS },
  { name: "connection", engine, args: situation("connected"), dump: "NEEDS_OPTIONS", rule: "tcp-connected" },
  { name: "terminal", engine, args: situation(), tty: true, dump: "DUMPABLE" },
  { name: "deleted file", engine, args: situation("deleted"), dump: "DUMPABLE" },
  { name: "volume", engine, args: situation("file", "/data/file"), binds: [VOLUME], dump: "DUMPABLE" },
  {
    name: "unix socket outside",
    engine,
    args: situation("outside", "/socket"),
    binds: [SOCKET],
    // It is of the host's network, and criu looks at that of the container.
    dump: "BLOCKED",
    rule: "unix-peer-missing",
  },
  { name: "io_uring", engine, args: situation("ring"), dump: "BLOCKED", rule: "fd-io-uring" },
  {
    name: "default.conf, which the runtime overrules",
    engine,
    args: situation("lock"),
    files: { "/etc/criu/default.conf": "file-locks\n" },
    dump: "NEEDS_OPTIONS",
    ...LOCKS,
  },
];

/** The files that a request names. This crun is one of a libcriu before 4.2, which names none. */
const FILES: Case[] = [
  {
    name: "deleted and linked",
    engine: "runc",
    args: situation("linked"),
    dump: "NEEDS_OPTIONS",
    rule: "file-deleted-linked",
  },
  {
    name: "annotation",
    engine: "runc",
    args: situation("lock"),
    annotations: { "org.criu.config": "/etc/criu/own.conf" },
    files: { "/etc/criu/own.conf": "file-locks\n" },
    dump: "DUMPABLE",
  },
  {
    name: "runc.conf",
    engine: "runc",
    args: situation("lock"),
    files: { "/etc/criu/runc.conf": "file-locks\n" },
    dump: "DUMPABLE",
  },
  {
    name: "crun.conf",
    engine: "runc",
    args: situation("lock"),
    files: { "/etc/criu/crun.conf": "file-locks\n" },
    dump: "NEEDS_OPTIONS",
    ...LOCKS,
  },
];

const CASES: readonly Case[] = [
  ...FILES,
  ...both("runc"),
  ...both("crun"),
  { name: "plain", engine: "podman", args: situation(), dump: "DUMPABLE" },
  { name: "lock", engine: "podman", args: situation("lock"), dump: "NEEDS_OPTIONS", ...LOCKS },
  { name: "terminal", engine: "podman", args: situation(), tty: true, dump: "DUMPABLE" },
  { name: "volume", engine: "podman", args: situation("file", "/data/file"), binds: [VOLUME], dump: "DUMPABLE" },
  { name: "plain", engine: "containerd", args: situation(), dump: "DUMPABLE" },
  { name: "lock", engine: "containerd", args: situation("lock"), dump: "BLOCKED", ...LOCKS },
];

async function output(words: readonly string[], stdin?: string): Promise<string> {
  const child = new Deno.Command(words[0]!, {
    args: words.slice(1),
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  if (code !== 0) {
    throw new Error(`${words.slice(0, 2).join(" ")} ended with ${code}: ${text.decode(stderr).slice(-2000)}`);
  }
  return text.decode(stdout).trim();
}

async function attempts(): Promise<Map<string, Attempt[]>> {
  const world = await output([`${ROOT}scripts/engines`]);
  const criu = (await output([`${ROOT}scripts/criu`, "--path"])).replace(/\/[^/]*$/, "");
  const scratch = await Deno.makeTempDir({ prefix: "cready-engines-" });
  try {
    const program = `${scratch}/situation`;
    await output(["gcc", "-O1", "-static", "-o", program, new URL("situation.c", import.meta.url).pathname]);
    const script = new URL("engines.py", import.meta.url).pathname;
    const lines = CASES.map((one) => JSON.stringify(one)).join("\n");
    const said = await output([PYTHON, script, world, `${ROOT}dist/cready`, criu, program], `${lines}\n`);
    return new Map(
      said.split("\n").map((line) => {
        const one = JSON.parse(line);
        return [`${one.engine}: ${one.name}`, one.attempts];
      }),
    );
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

const EXIT = { DUMPABLE: 0, BLOCKED: 1, NEEDS_OPTIONS: 3 } as const;
const done = await attempts();

for (const one of CASES) {
  Deno.test(`${one.engine}: ${one.name}`, () => {
    const [first, second] = done.get(`${one.engine}: ${one.name}`)!;
    assert.equal(first!.failed, undefined);
    const shown = JSON.stringify(first, null, 1);
    const inspection = JSON.parse(first!.inspection);
    assert.equal(inspection.dump, one.dump, shown);
    assert.equal(first!.code, EXIT[one.dump], shown);
    assert.equal(first!.byGroup, first!.code, `by its cgroup it is another one: ${shown}`);
    assert.equal(first!.checkpoint === 0, one.dump === "DUMPABLE", shown);
    if (one.dump === "DUMPABLE") return restored(first!, inspection);
    const obstacles = inspection.obstacles.filter(({ stage }: { stage: string }) => stage === "DUMP");
    const found = obstacles.find(({ rule }: { rule: string }) => rule === one.rule);
    assert.ok(found, shown);
    if (found.message !== null) assert.ok(first!.log?.some((line) => line.includes(found.message)), shown);
    assert.ok(ids(first!.whyLog).includes(one.rule!), `cready why of its log: ${shown}`);
    // Older engines and containerd's client name the log alone.
    const { logFiles } = JSON.parse(first!.why!);
    const solved = ids(first!.why).includes(one.rule!) || logFiles.some((path: string) => path.endsWith("dump.log"));
    assert.ok(solved, `cready why of its words: ${shown}`);
    if (one.dump === "BLOCKED" && one.engine !== "containerd") return;
    const help = JSON.stringify(second, null, 1);
    assert.equal(second?.failed, undefined);
    assert.equal(second!.checkpoint, 0, help);
    restored(second!, JSON.parse(second!.inspection));
  });
}

/** Causes that cready why names. */
function ids(text: string | null | undefined): string[] {
  if (!text) return [];
  return JSON.parse(text).causes.flatMap(({ id, also }: { id: string; also: string[] }) => [id, ...also]);
}

function restored(attempt: Attempt, { restore }: { restore: string }): void {
  const shown = JSON.stringify(attempt, null, 1);
  assert.notEqual(restore, "UNKNOWN", shown);
  if (restore === "EXPECTED" || restore === "STATE_LOST") {
    assert.ok(attempt.restore === 0 || attempt.restore === null, shown);
  }
  if (restore === "REFUSED") assert.notEqual(attempt.restore, 0, shown);
}
