/** What docs/guides/kubernetes.md says of looking at a node from inside a container, tried in containers. */
import assert from "node:assert/strict";
import { contained, type ContainerOptions, DOCKER_CAPABILITIES } from "../contained/container.ts";
import { ROOTS_CAPABILITIES } from "../contained/machine.ts";
import { DOCKER } from "../contained/seccomp.ts";
import { PATH, publicCopy, type Result, run } from "../cli/binary.ts";

const CREADY = await publicCopy();
const FOLDER = CREADY.slice(0, CREADY.lastIndexOf("/"));
const ENV = { PATH, LC_ALL: "C" };
/** What the node has of it. */
const TUN = (await run(["test", "-c", "/dev/net/tun"])).code === 0
  ? [{ path: "/dev/net/tun", major: 10, minor: 200 }]
  : [];

const UNPRIVILEGED = { capabilities: DOCKER_CAPABILITIES, seccomp: DOCKER };
/** As a pod with privileged: true, which has the node's devices. */
const PRIVILEGED = { capabilities: ROOTS_CAPABILITIES, unmasked: true, devices: TUN };
const OF_THE_NODE = { ...PRIVILEGED, shared: ["pid", "network", "ipc"] } as const;

type Kind = Omit<ContainerOptions, "folders" | "env">;
const inContainer = (kind: Kind, ...argv: string[]): Promise<Result> =>
  contained(argv, { ...kind, folders: [FOLDER], env: ENV });

/** The verdict of each check. */
function verdicts({ stdout, stderr }: Result): Record<string, string> {
  const { findings } = JSON.parse(stdout || `{"stderr":${JSON.stringify(stderr)}}`) as {
    findings: { feature: { id: string }; verdict: string }[];
  };
  return Object.fromEntries(findings.map(({ feature, verdict }) => [feature.id, verdict]));
}

const ALL = [CREADY, "check", "--all", "--json"] as const;
const ON_THE_NODE = verdicts(await run(ALL, { env: ENV, cwd: "/" }));

/** A program of the node: a session of its own, nothing open but /dev/null; ended with the block. */
async function program(): Promise<{ pid: string } & AsyncDisposable> {
  const script =
    'setsid sleep 300 </dev/null >/dev/null 2>&1 & until [ "$(cat /proc/$!/comm)" = sleep ]; do sleep 0.02; done; echo $!';
  const { stdout } = await run(["bash", "-c", script]);
  const pid = stdout.trim();
  assert.match(pid, /^\d+$/);
  return { pid, [Symbol.asyncDispose]: async () => void await run(["kill", "-9", pid]) };
}

Deno.test("an unprivileged container is told about itself", async () => {
  const found = verdicts(await inContainer(UNPRIVILEGED, ...ALL));
  const others = Object.keys(found).filter((id) => found[id] !== ON_THE_NODE[id]);
  assert(others.length > 10, `like on the node, but for ${others}`);
  for (const id of others) assert.match(found[id]!, /^(BLOCKED|INCONCLUSIVE)$/, id);
});

Deno.test("a privileged container with the node's namespaces is told about the node", async () => {
  assert.deepEqual(verdicts(await inContainer(OF_THE_NODE, ...ALL)), ON_THE_NODE);
});

Deno.test("without the device a privileged container cannot answer for the node's tun", async () => {
  const found = verdicts(await inContainer({ ...OF_THE_NODE, devices: [] }, ...ALL));
  if (ON_THE_NODE["tun"] === "SUPPORTED") assert.equal(found["tun"], "BLOCKED");
  assert.deepEqual({ ...found, tun: ON_THE_NODE["tun"] }, ON_THE_NODE);
});

Deno.test("a process of the node is seen with hostPID alone, and judged for a criu in the container", async () => {
  await using one = await program();
  // A number of the node means another process, or none, in the container.
  const without = await inContainer(PRIVILEGED, CREADY, "inspect", one.pid);
  assert.equal(without.code, 2, without.stdout + without.stderr);
  const poor = await inContainer({ ...UNPRIVILEGED, shared: ["pid"] }, CREADY, "inspect", one.pid);
  assert.equal(poor.code, 1, poor.stdout + poor.stderr);
  assert.match(poor.stdout, /env-caps/);
});

Deno.test("from a privileged container nsenter gives the node's own answers", async () => {
  await using one = await program();
  // Into the namespaces of this test, which stand for the node's.
  const nsenter = ["nsenter", "-t", one.pid, "-m", "-u", "-i", "-n", "-p", "-C", "--"];
  assert.deepEqual(verdicts(await inContainer(OF_THE_NODE, ...nsenter, ...ALL)), ON_THE_NODE);
  const onTheNode = await run([CREADY, "inspect", one.pid], { env: ENV, cwd: "/" });
  const entered = await inContainer(OF_THE_NODE, ...nsenter, CREADY, "inspect", one.pid);
  assert.deepEqual([entered.code, entered.stdout], [onTheNode.code, onTheNode.stdout], entered.stderr);
  const inside = await inContainer(OF_THE_NODE, CREADY, "inspect", one.pid);
  assert.match(inside.stdout, /mnt-restore-root/, "its mounts are others than those of the container");
});
