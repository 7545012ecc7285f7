/** The program is held at its last call: what does it still have that it did not have at the beginning? */
import assert from "node:assert/strict";
import { CRIU_NAMES as FEATURE_NAMES } from "../../probes/names.ts";
import { PROBES } from "../../probes/registry.ts";
import { BINARY, eventually, processesWith, spawn } from "../cli/binary.ts";

/** Long enough to look. */
const HELD = "inject=exit_group:delay_enter=50s";
/** exit_group(2), <asm/unistd.h>. */
const EXIT_GROUP = { x86_64: 231, aarch64: 94 }[Deno.build.arch];

/** What /proc tells of a process. */
interface Snapshot {
  readonly descriptors: readonly string[];
  readonly children: readonly string[];
  readonly facts: Readonly<Record<string, string>>;
}

const FILES = [
  "loginuid",
  "sessionid",
  "oom_score_adj",
  "coredump_filter",
  "personality",
  "limits",
  "cgroup",
  "uid_map",
  "timers",
];
const LINKS = [
  "cwd",
  "root",
  ...["cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"].map((
    kind,
  ) => `ns/${kind}`),
];
const STATUS =
  /^(Umask|Uid|Gid|Groups|SigPnd|ShdPnd|SigBlk|SigIgn|CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|Seccomp_filters|VmLck|VmPin|HugetlbPages):/;

const tryTo = (read: () => string): string => {
  try {
    return read();
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
};

function snapshot(pid: number): Snapshot {
  const proc = `/proc/${pid}`;
  const status = Deno.readTextFileSync(`${proc}/status`).split("\n").filter((line) => STATUS.test(line));
  return {
    descriptors: [...Deno.readDirSync(`${proc}/fd`)].map(({ name }) =>
      // Which pipe it is differs from run to run.
      tryTo(() => Deno.readLinkSync(`${proc}/fd/${name}`)).replace(/:\[\d+\]$/, ":[…]")
    ).sort(),
    children: [...Deno.readDirSync(`${proc}/task`)].flatMap(({ name }) =>
      Deno.readTextFileSync(`${proc}/task/${name}/children`).split(" ").filter(Boolean)
    ),
    facts: Object.fromEntries([
      ...FILES.map((name) => [name, tryTo(() => Deno.readTextFileSync(`${proc}/${name}`))]),
      ...LINKS.map((name) => [name, tryTo(() => Deno.readLinkSync(`${proc}/${name}`))]),
      ...status.map((line) => line.split(/:\s*/)),
    ]),
  };
}

/** Runs cready up to its last call. */
async function atExit(words: readonly string[]): Promise<Snapshot> {
  const marker = crypto.randomUUID();
  const child = spawn(
    ["strace", "-qq", "-o", "/dev/null", "-e", "trace=exit_group", "-e", HELD, BINARY, ...words],
    marker,
  );
  const [stdout, stderr] = [new Response(child.stdout).text(), new Response(child.stderr).text()];
  try {
    let held: number | undefined;
    await eventually("it comes to its end", () => {
      held = processesWith(marker).find((pid) =>
        tryTo(() => Deno.readLinkSync(`/proc/${pid}/exe`)) === BINARY &&
        tryTo(() => Deno.readTextFileSync(`/proc/${pid}/syscall`)).startsWith(`${EXIT_GROUP} `)
      );
      return held !== undefined;
    }, 40);
    return snapshot(held!);
  } finally {
    // The kernel then lets go of what it traced; it goes on with its last call.
    child.kill("SIGKILL");
    await child.status;
    await Promise.all([stdout, stderr]);
    await eventually("it is gone", () => processesWith(marker).length === 0);
  }
}

let idle: Promise<Snapshot> | undefined;
const IDS = [...FEATURE_NAMES, ...PROBES.filter(({ criuName }) => criuName === null).map(({ id }) => id)];

for (const words of [["check"], ["check", "--all"], ["check", "--feature", IDS.join(",")], ["explain", "kcmp"]]) {
  const shown = words.join(" ").replace(/(--feature )[^ ]*,.*/, "$1with every name");
  Deno.test(`traced: at its end, ${shown} has no descriptor, child, right or namespace more or less`, async () => {
    const before = await (idle ??= atExit(["--version"]));
    const after = await atExit(words);
    assert.deepEqual(after.descriptors, before.descriptors);
    assert.deepEqual(after.children, []);
    assert.deepEqual(after.facts, before.facts);
  });
}
