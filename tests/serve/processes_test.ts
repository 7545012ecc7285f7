/** Processes are told of on the Unix socket, and on a port only with --processes. */
import assert from "node:assert/strict";
import { type LockHolder, lockHolder } from "../cli/lock_holder.ts";
import { cready } from "../cli/binary.ts";
import { answers, ask, events, query, type Server, start } from "./server.ts";

const NOT_SERVED = "PROCESSES_NOT_SERVED";

Deno.test("on a port processes are not served", async () => {
  await using server = await start({ tcp: true });
  for (const text of ["{ processes { id } }", "{ process(by: { pid: 1 }) { name } }"]) {
    const reply = await ask(server, query(text));
    assert.deepEqual([reply.status, reply.code], [200, NOT_SERVED], reply.body);
  }
  const reply = await ask(server, {
    ...query("subscription { inspection(by: { pid: 1 }) { dump } }"),
    headers: { accept: "text/event-stream" },
  });
  assert.equal(reply.body.includes(NOT_SERVED), true, reply.body);
  await answers(server);
});

/** Asks all that there is to ask of one process. */
async function aboutProcesses(server: Server, held: LockHolder): Promise<void> {
  const data = async (text: string) => {
    const { json, body } = await ask(server, query(text));
    assert.equal(json?.errors, undefined, body);
    return json.data;
  };
  const { process } = await data(
    `{ process(by: { pid: ${held.pid} }) { id pid name uid threads unreadable { path } } }`,
  );
  const { id, ...rest } = process;
  assert.deepEqual(rest, { pid: held.pid, name: "sh", uid: Deno.uid(), threads: 1, unreadable: [] });
  assert.match(id, new RegExp(`^${held.pid}@[0-9]+$`));
  // The parent, which is this process, has it among its children, as often as one asks.
  const children = await data(`{ process(by: { pid: ${Deno.pid} }) { children { id children { id } } } }`);
  assert.ok(children.process.children.some((one: { id: string }) => one.id === id));
  const { process: seen } = await data(
    `{ process(by: { id: "${id}" }) { inspection(plan: { options: ["--file-locks"] }) { dump options { text } command obstacles { rule } } } }`,
  );
  assert.ok(!seen.inspection.options.some(({ text }: { text: string }) => text === "--file-locks"));
  assert.match(seen.inspection.command ?? "", / --file-locks( |$)/, JSON.stringify(seen.inspection));
  // What is not there is null; what has ended is not another process with its number.
  const nothing = await data(
    `{ a: process(by: { pid: 4194304 }) { id } b: process(by: { id: "${held.pid}@1" }) { id }
       c: process(by: { cgroup: "no/such/cgroup" }) { id } }`,
  );
  assert.deepEqual(nothing, { a: null, b: null, c: null });
  const all = await data("{ processes(first: 1000) { id pid } }");
  const pids: number[] = all.processes.map(({ pid }: { pid: number }) => pid);
  assert.deepEqual(pids, [...pids].sort((a, b) => a - b));
  if (all.processes.length > 0) {
    const [first] = all.processes;
    const page = await data(`{ processes(first: 1, after: "${first.id}") { pid } }`);
    assert.ok(page.processes.every(({ pid }: { pid: number }) => pid > first.pid));
    assert.ok(page.processes.length <= 1);
  }
}

/** Arguments that are the caller's mistake. */
const MISTAKES = [
  "{ process(by: { pid: 0 }) { id } }",
  "{ process(by: { pid: -1 }) { id } }",
  "{ process(by: { pid: 4194305 }) { id } }",
  '{ process(by: { id: "12" }) { id } }',
  '{ process(by: { id: "1@2\\n" }) { id } }',
  '{ process(by: { cgroup: "" }) { id } }',
  '{ process(by: { cgroup: "/" }) { id } }',
  '{ process(by: { cgroup: "../../proc" }) { id } }',
  '{ process(by: { cgroup: "a/./b" }) { id } }',
  '{ process(by: { cgroup: "/sys/fs/cgroup/../../../etc" }) { id } }',
  '{ process(by: { cgroup: "a\\u0000b" }) { id } }',
  "{ processes(first: 0) { id } }",
  "{ processes(first: 1001) { id } }",
  '{ processes(after: "x") { id } }',
  'subscription { inspection(by: { pid: 1 }, plan: { options: ["rm -rf /"] }) { dump } }',
  'subscription { inspection(by: { pid: 1 }, plan: { options: ["--libdir /etc"] }) { dump } }',
  "subscription { inspection(by: { pid: 1 }, everySeconds: 0) { dump } }",
];

for (const tcp of [false, true]) {
  const where = tcp ? "a port with --processes" : "the Unix socket";
  Deno.test(`processes are told of on ${where}`, async (t) => {
    await using server = await start({ tcp, words: tcp ? ["--processes"] : [] });
    await using held = await lockHolder({ waits: true });
    await t.step("queries", () => aboutProcesses(server, held));
    for (const text of MISTAKES) {
      await t.step(`${text} is refused`, async () => {
        const reply = await ask(server, query(text));
        assert.match(reply.body, /"code":"BAD_USER_INPUT"/, text);
      });
    }
    await t.step("the inspection subscription tells of a change, and ends with the process", async () => {
      const stream = events(
        server,
        `subscription { inspection(by: { pid: ${held.pid} }, everySeconds: 1) { dump obstacles { rule } } }`,
      );
      const locks = ({ value, done }: Awaited<ReturnType<typeof stream.next>>): boolean => {
        assert.ok(!done);
        assert.equal(value.errors, undefined, JSON.stringify(value));
        return value.data.inspection.obstacles.some(({ rule }: { rule: string }) => rule === "lock-any");
      };
      assert.equal(locks(await stream.next()), false);
      await held.lock();
      // flock(1) itself may have been seen meanwhile.
      while (!locks(await stream.next()));
      await held.end();
      for (let next; !(next = await stream.next()).done;) assert.equal(next.value.errors, undefined);
    });
    await t.step("what is not there cannot be watched", async () => {
      const reply = await ask(server, query(`subscription { inspection(by: { pid: ${held.pid} }) { dump } }`));
      assert.match(reply.body, /"code":"PROCESS_GONE"/);
    });
    await answers(server);
  });
}

Deno.test("of an inspection no more obstacles come than the limit, and all are counted", async () => {
  await using server = await start({ words: ["--limit", "obstacles=1"] });
  await using held = await lockHolder();
  const text = `{ process(by: { pid: ${held.pid} }) { inspection {
    obstacles { rule } obstaclesTotal dump: obstaclesTotal(stage: DUMP)
    options { text obstacles { subject } obstaclesTotal }
  } } }`;
  const { json, body } = await ask(server, query(text));
  assert.equal(json?.errors, undefined, body);
  const { obstacles, obstaclesTotal, dump, options } = json.data.process.inspection;
  assert.equal(obstacles.length, 1, body);
  assert.ok(obstaclesTotal >= dump && dump >= 2, body);
  const locks = options.find((one: { text: string }) => one.text === "--file-locks");
  assert.equal(locks?.obstaclesTotal, 2, body);
  assert.ok(locks.obstacles.length <= 1, body);
  // On the machine itself there is no such limit.
  const here = JSON.parse((await cready(["query", text])).stdout).data.process.inspection;
  assert.deepEqual(
    [here.obstacles.length, here.obstaclesTotal],
    [obstaclesTotal, obstaclesTotal],
    JSON.stringify(here),
  );
});

Deno.test("--processes is for --listen", async () => {
  const { code, stderr } = await cready(["serve", "--processes", "--socket", "/tmp/cready-never.sock"]);
  assert.equal(code, 2);
  assert.match(stderr, /--processes is for --listen/);
});
