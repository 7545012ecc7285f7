/** The machine is left as it was: what is seen before and after a run of everything, as root. */
import assert from "node:assert/strict";
import { CRIU_NAMES as FEATURE_NAMES } from "../../probes/names.ts";
import { PROBES } from "../../probes/registry.ts";
import { BINARY, cready, ROOT, run, type Start } from "./binary.ts";
import { assertVerdict, lines } from "./expect.ts";

assert.equal(Deno.uid(), 0, "these tests need root: what is not permitted changes nothing");

/** Values below /proc/sys that change by themselves. */
const RESTLESS = [
  "kernel/ns_last_pid", // with each new process or thread of anybody
  "kernel/random/uuid", // with each look
  "kernel/random/entropy_avail",
  "kernel/pty/nr", // with each terminal that somebody opens
];

/** Every entry below a folder, by path. */
function below(folder: string, depth: number): string[] {
  try {
    return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
      const path = `${folder}/${name}`;
      return isDirectory && depth > 1 ? [path, ...below(path, depth - 1)] : [path];
    });
  } catch {
    return []; // it is gone meanwhile, or not there at all
  }
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.name : error}`;
  }
}

/** One column of a /proc table without its header. */
const column = (path: string, n: number) => lines(read(path)).slice(1).map((line) => line.trim().split(/\s+/)[n]!);

/** In the environment of every process that comes of a run here. */
const OURS = `CREADY_LEFT=${crypto.randomUUID()}`;

/** The namespaces of our own processes: others come and go with other programs. */
const namespaces = (kind: string) =>
  [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).flatMap(({ name }) => {
    try {
      const ours = Deno.readTextFileSync(`/proc/${name}/environ`).split("\0").includes(OURS);
      return ours ? [Deno.readLinkSync(`/proc/${name}/ns/${kind}`)] : [];
    } catch {
      return []; // it is gone, or a zombie
    }
  });

/** Where temporary files go: in a run here folders of its own are bound there, since others use the real ones too. */
const TEMPORARY = ["/run", "/dev/shm", "/dev/mqueue", "/var/tmp", "/tmp"];
const own = await Deno.makeTempDir({ prefix: "cready-left-" });
globalThis.addEventListener("unload", () => Deno.removeSync(own, { recursive: true }));
for (const path of TEMPORARY) await Deno.mkdir(`${own}${path}`, { recursive: true });
// Wherever this checkout lies, the program is to be found there.
await Deno.copyFile(BINARY, `${own}/tmp/cready`);
await Deno.chmod(`${own}/tmp/cready`, 0o755);
const START: Start = {
  program: "/tmp/cready",
  env: { CREADY_LEFT: OURS.split("=")[1]! },
  // The last one hides where the others come from.
  through: [
    "unshare",
    "-m",
    "sh",
    "-e",
    "-c",
    [...TEMPORARY.map((path) => `test ! -d ${path} || mount --bind ${own}${path} ${path}`), 'exec "$0" "$@"'].join(
      "\n",
    ),
  ],
};

/** Everything that a check could leave behind, each as a set of words. */
const LOOKS: Readonly<Record<string, () => readonly string[]>> = {
  sysctls: () =>
    ["kernel", "user"].flatMap((part) => below(`/proc/sys/${part}`, 4)).filter((path) =>
      !RESTLESS.includes(path.slice("/proc/sys/".length))
    ).map((path) => `${path} = ${read(path)}`),
  mounts: () => lines(read("/proc/self/mountinfo")),
  "network namespaces": () => namespaces("net"),
  "other namespaces": () => ["user", "pid", "mnt", "ipc", "uts", "cgroup", "time"].flatMap(namespaces),
  "network devices": () => column("/proc/net/dev", 0),
  "named sockets": () =>
    lines(read("/proc/net/unix")).slice(1).map((line) => line.split(/ +/)[7] ?? "").filter(Boolean),
  "temporary files": () => TEMPORARY.flatMap((one) => below(own + one, 3)),
  "files in the current folder": () => below(Deno.cwd(), 1),
  "System V objects": () => ["shm", "msg", "sem"].flatMap((kind) => column(`/proc/sysvipc/${kind}`, 1)),
  "control groups": () => below("/sys/fs/cgroup", 3),
  "block devices": () => column("/proc/partitions", 3),
  "swap": () => lines(read("/proc/swaps")),
};

const modules = () => lines(read("/proc/modules")).map((line) => line.split(" ")[0]!);

type Look = ReadonlyMap<string, ReadonlySet<string>>;
const look = (): Look => new Map(Object.entries(LOOKS).map(([what, words]) => [what, new Set(words())]));

/** What came or went, told in words. */
function changes(before: Look, after: Look): string[] {
  return [...before].flatMap(([what, was]) => {
    const is = after.get(what)!;
    return [
      ...[...is].filter((word) => !was.has(word)).map((word) => `${what}: new ${word}`),
      // Others may tidy up meanwhile; what we did not make we also do not remove, so only settings may not vanish.
      ...[...was].filter((word) => !is.has(word) && /sysctls|mounts|devices/.test(what)).map((word) =>
        `${what}: lost ${word}`
      ),
    ];
  });
}

const IDS = [...FEATURE_NAMES, ...PROBES.filter(({ criuName }) => criuName === null).map(({ id }) => id)];
const RUNS: readonly (readonly string[])[] = [
  ["check", "--all"],
  ["check", "--all", "--no-autoload"],
  ["check", "--feature", IDS.join(",")],
];

for (const words of RUNS) {
  const shown = words.join(" ").replace(/(--feature ).*/, "$1with every name");
  Deno.test(`left as it was: after ${shown}`, async () => {
    // Others use this machine too; but what a run of ours leaves, each run leaves.
    let kinds: ReadonlySet<string> | undefined;
    for (let attempt = 1;; attempt++) {
      const before = look();
      const { signal } = await cready(words, START);
      assert.equal(signal, null);
      const changed = changes(before, look());
      const these = new Set(changed.map((one) => one.split(":")[0]!));
      kinds = kinds ? kinds.intersection(these) : these;
      if (kinds.size === 0) return;
      if (attempt === 10) return assert.deepEqual(changed, []);
    }
  });

  Deno.test(`left as it was: no child, running or dead, after ${shown}`, async () => {
    const { code, stdout, stderr } = await run(["python3", `${ROOT}/tests/cli/orphans.py`, BINARY, ...words]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout).orphans, []);
  });
}

Deno.test("left as it was: modules that the kernel loaded are named", async () => {
  for (const options of [["--no-autoload"], []]) {
    const before = modules();
    const result = await cready(["check", "--all", ...options]);
    assertVerdict(result);
    const loaded = modules().filter((name) => !before.includes(name)).sort();
    const told = /the kernel loaded modules when it was asked: (.*)/.exec(result.stderr)?.[1]?.split(" ").sort() ?? [];
    if (options.length > 0) assert.deepEqual([loaded, told], [[], []], "with --no-autoload");
    assert.deepEqual(told, loaded);
  }
});
