/** Probes that hang or crash, and what remains of the rights of root. */
import assert from "node:assert/strict";
import { BINARY, eventually, ROOT, run } from "../cli/binary.ts";
import {
  answers,
  ask,
  childrenOf,
  commandOf,
  idleProber,
  keeperOf,
  kill,
  probersOf,
  query,
  type Reply,
  type Server,
  start,
} from "./server.ts";

const CHECK = query("{ check { outcome } }");
const find = (name: string) => query(`{ feature(name: "${name}") { finding { verdict } } }`);

/** All that is no question to the kernel, or another one, is answered while something hangs. */
async function everythingElseAnswers(server: Server, hanging: Promise<Reply>): Promise<void> {
  let over = false;
  const end = hanging.finally(() => over = true);
  for (let i = 0; i < 5; i++) {
    await answers(server);
    assert.equal((await ask(server, query("{ features { id title } categories { name } }"))).status, 200);
    assert.equal((await ask(server, { path: "/health" })).status, 200);
    const other = await ask(server, find("sk_ns"));
    assert.equal(other.json?.data?.feature?.finding?.verdict !== undefined, true, other.body);
  }
  assert.equal(over, false, "it was over before everything else was answered");
  await end;
}

Deno.test("probes that hang or crash", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "cready-bad-probes-" });
  try {
    const program = `${folder}/cready`;
    const built = await run([`${ROOT}/scripts/compile`, program], {
      env: { ...Deno.env.toObject(), CREADY_ENTRY: `${ROOT}/tests/serve/programs/bad_probes.ts` },
    });
    assert.equal(built.code, 0, built.stderr);
    await using server = await start({ program, words: ["--limit", "probe=6000"] });
    for (const [name, what] of [["tun", "runs for ever"], ["uffd", "waits for ever"]] as const) {
      await t.step(`one that ${what}: PROBE_TIMEOUT, and everything else is answered meanwhile`, async () => {
        const hanging = ask(server, find(name));
        await everythingElseAnswers(server, hanging);
        const reply = await hanging;
        assert.deepEqual([reply.status, reply.code], [200, "PROBE_TIMEOUT"], reply.body);
        assert.match(reply.body, /gave no answer in 6000 ms and was ended/);
      });
    }
    await t.step("one that reads where there is nothing: PROBER_DIED by signal 11", async () => {
      const reply = await ask(server, find("nsid"));
      assert.deepEqual([reply.status, reply.code], [200, "PROBER_DIED"], reply.body);
      assert.match(reply.body, /was killed by signal 11/);
      await answers(server);
    });
    await t.step("one that has a bug: INCONCLUSIVE, without a stack trace", async () => {
      const reply = await ask(server, find("timens"));
      assert.equal(reply.json?.data?.feature?.finding?.verdict, "INCONCLUSIVE", reply.body);
      assert.doesNotMatch(reply.body + server.said(), /\.ts:|\bat \S+\(/);
      await answers(server);
    });
    await t.step("a check that meets one fails, and one that does not is answered", async () => {
      const [all, required] = await Promise.all([
        ask(server, query("{ check(scope: EXTRA) { outcome } }")),
        ask(server, CHECK),
      ]);
      assert.ok(["PROBE_TIMEOUT", "PROBER_DIED"].includes(all.code!), all.body);
      assert.equal(typeof required.json?.data?.check?.outcome, "string", required.body);
    });
    await t.step("no prober is left that is not needed", async () => {
      await eventually("one prober is left", () => probersOf(server).length <= 1);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a prober that is stopped, killed, or told to crash from outside", async (t) => {
  await using server = await start({ words: ["--limit", "probe=6000"] });
  const prepared = async () => {
    assert.equal((await ask(server, CHECK)).status, 200);
    const prober = await idleProber(server);
    kill(prober, "SIGSTOP");
    return prober;
  };
  await t.step("stopped: PROBE_TIMEOUT", async () => {
    const prober = await prepared();
    const hanging = ask(server, CHECK);
    await everythingElseAnswers(server, hanging);
    assert.deepEqual((await hanging).code, "PROBE_TIMEOUT");
    await eventually("it is gone", () => !probersOf(server).includes(prober));
    assert.equal((await ask(server, CHECK)).json?.errors, undefined);
  });
  for (const [signal, number] of [["SIGKILL", 9], ["SIGABRT", 6]] as const) {
    await t.step(`${signal}: PROBER_DIED`, async () => {
      const prober = await prepared();
      const hanging = ask(server, CHECK);
      await answers(server);
      kill(prober, signal);
      kill(prober, "SIGCONT");
      const reply = await hanging;
      assert.deepEqual(reply.code, "PROBER_DIED", reply.body);
      assert.match(reply.body, new RegExp(`was killed by signal ${number}`));
      assert.equal((await ask(server, CHECK)).json?.errors, undefined);
    });
  }
  await t.step("killed while it has nothing to do: nobody notices", async () => {
    const prober = await idleProber(server);
    kill(prober, "SIGKILL");
    await eventually("it is gone", () => !childrenOf(keeperOf(server)).includes(prober));
    assert.equal((await ask(server, CHECK)).json?.errors, undefined);
  });
});

/** Fields of /proc/PID/status that all threads of a process have alike. */
function ofAllThreads(pid: number, field: string): string[] {
  const values = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => {
    const status = Deno.readTextFileSync(`/proc/${pid}/task/${name}/status`);
    return new RegExp(`^${field}:[^\\S\n]*(.*)$`, "m").exec(status)![1]!;
  });
  return [...new Set(values)];
}

const NO_CAPABILITIES = "0000000000000000";
const ROWS: readonly (readonly [words: readonly string[], uid: number])[] = [
  [[], 65534],
  [["--user", "daemon"], 1],
  [["--user", "12345"], 12345],
];

for (const [words, uid] of ROWS) {
  Deno.test(`started by root with "${words.join(" ")}" the serving process has no privilege in any thread`, async () => {
    await using server = await start({ words });
    assert.equal((await ask(server, CHECK)).status, 200);
    const { pid } = server;
    assert.deepEqual(ofAllThreads(pid, "Uid"), [`${uid}\t${uid}\t${uid}\t${uid}`]);
    for (const set of ["CapPrm", "CapEff", "CapInh", "CapAmb"]) {
      assert.deepEqual(ofAllThreads(pid, set), [NO_CAPABILITIES], set);
    }
    assert.deepEqual(ofAllThreads(pid, "Groups").map((text) => text.trim()), [""]);
    assert.deepEqual(ofAllThreads(pid, "NoNewPrivs"), ["1"]);
    assert.deepEqual(ofAllThreads(pid, "Seccomp"), ["2"]);
    assert.ok(!ofAllThreads(pid, "Gid")[0]!.split("\t").includes("0"));
    for (const other of [keeperOf(server), ...probersOf(server)]) {
      assert.deepEqual(ofAllThreads(other, "Uid"), ["0\t0\t0\t0"], commandOf(other).join(" "));
    }
  });
}

Deno.test("where root cannot become another user it does not serve", async () => {
  // A user namespace in which there is nobody but root.
  const { code, stderr, stdout } = await run(["unshare", "-Ur", BINARY, "serve", "--socket", "/tmp/cready-never.sock"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^Error \(cready\/serve\): cannot give up privileges: \S+: E[A-Z]+\n$/);
  await assert.rejects(Deno.lstat("/tmp/cready-never.sock"), Deno.errors.NotFound);
});

Deno.test("the keeper takes no orders but its three", async () => {
  await using server = await start();
  await answers(server);
  assert.deepEqual(childrenOf(server.pid).map((pid) => commandOf(pid)[1]), ["keeper"]);
  // Its words are the socket's path and nothing else; it runs no other program.
  assert.deepEqual(commandOf(keeperOf(server)).slice(1, 4), ["keeper", "--", `${server.folder}/s.sock`]);
});
