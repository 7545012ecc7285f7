/** Clients that are slow, silent or too many: each has its answer, and the server answers the next good request. */
import assert from "node:assert/strict";
import { eventually } from "../cli/binary.ts";
import {
  answers,
  ask,
  bytesOf,
  connect,
  events,
  idleProber,
  kill,
  query,
  readAll,
  replyOf,
  sendAll,
  type Server,
  start,
} from "./server.ts";

const CHECK = query("{ check { outcome } }");

/** Sends the beginning of a request and reads what comes of it. */
async function begin(server: Server, bytes: Uint8Array<ArrayBuffer>) {
  const connection = await connect(server);
  try {
    await sendAll(connection, bytes);
    return await readAll(connection);
  } finally {
    connection.close();
  }
}

for (const tcp of [false, true]) {
  Deno.test(`slow clients on ${tcp ? "TCP" : "the Unix socket"}`, async (t) => {
    await using server = await start({ tcp, words: ["--limit", "arrival=1000", "--limit", "idle=1000"] });
    const whole = bytesOf(server, query("{ host { kernel } }"));
    const cases: readonly (readonly [name: string, part: number])[] = [
      ["half a head", 30],
      ["a head without its last byte", new TextDecoder().decode(whole).indexOf("\r\n\r\n") + 3],
      ["half a body", whole.length - 10],
    ];
    for (const [name, part] of cases) {
      await t.step(`${name}: 408`, async () => {
        const reply = replyOf(await begin(server, whole.slice(0, part)));
        assert.deepEqual([reply.status, reply.code], [408, "REQUEST_TOO_SLOW"]);
        await answers(server);
      });
    }
    await t.step("nothing at all: closed without a word", async () => {
      assert.equal(await begin(server, new Uint8Array()), "");
      await answers(server);
    });
    await t.step("a byte now and then: 408", async () => {
      const connection = await connect(server);
      let open = true;
      const dripping = (async () => {
        for (const byte of whole) {
          if (!open) return;
          await connection.write(new Uint8Array([byte])).catch(() => open = false);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      })();
      const reply = replyOf(await readAll(connection));
      open = false;
      await dripping;
      connection.close();
      assert.deepEqual([reply.status, reply.code], [408, "REQUEST_TOO_SLOW"]);
      await answers(server);
    });
    await t.step("a connection that is kept and not used: closed", async () => {
      const reply = await begin(
        server,
        bytesOf(server, { ...query("{ __typename }"), headers: { connection: "keep-alive" } }),
      );
      assert.equal(replyOf(reply).status, 200);
    });
    await t.step("half closed behind the request: answered", async () => {
      const connection = await connect(server);
      await sendAll(connection, bytesOf(server, { ...CHECK, headers: { connection: "keep-alive" } }));
      await (connection as Deno.TcpConn).closeWrite();
      const reply = replyOf(await readAll(connection));
      connection.close();
      assert.equal(typeof reply.json?.data?.check?.outcome, "string");
    });
    await t.step("closed in the middle, many times over: nothing is left open", async () => {
      const descriptors = () => [...Deno.readDirSync(`/proc/${server.pid}/fd`)].length;
      await answers(server);
      const before = descriptors();
      for (let i = 0; i < 100; i++) {
        const connection = await connect(server);
        await sendAll(connection, whole.slice(0, i % 2 ? whole.length : 40));
        connection.close();
      }
      await answers(server);
      await eventually("all connections are closed", () => descriptors() <= before, 10);
    });
  });
}

Deno.test("too many connections: 503, until one is closed", async () => {
  await using server = await start({ words: ["--limit", "connections=5"] });
  await answers(server);
  const open = await Promise.all(Array.from({ length: 5 }, () => connect(server)));
  await eventually("the server has taken all five", () => {
    return [...Deno.readDirSync(`/proc/${server.pid}/fd`)].length > 0;
  });
  // They are taken in turn: the sixth is behind them.
  const reply = await ask(server, query("{ host { kernel } }"));
  assert.deepEqual([reply.status, reply.code], [503, "TOO_MANY_CONNECTIONS"]);
  assert.equal(reply.headers.get("retry-after"), "1");
  for (const one of open) one.close();
  for (;;) {
    const next = await ask(server, query("{ host { kernel } }"));
    if (next.status === 200) break;
    assert.equal(next.code, "TOO_MANY_CONNECTIONS");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

/** Stops the only prober, so that whoever asks the kernel waits. */
async function stopProber(server: Server): Promise<number> {
  const ready = await ask(server, CHECK);
  assert.equal(ready.status, 200);
  const prober = await idleProber(server);
  kill(prober, "SIGSTOP");
  return prober;
}

Deno.test("too many requests: 503, until one is answered", async () => {
  await using server = await start({ words: ["--limit", "requests=2"] });
  const prober = await stopProber(server);
  const waiting = [ask(server, CHECK), ask(server, CHECK)];
  let refused = await ask(server, query("{ host { kernel } }"));
  // The two may still be on their way.
  while (refused.status === 200) refused = await ask(server, query("{ host { kernel } }"));
  assert.deepEqual([refused.status, refused.code], [503, "TOO_MANY_REQUESTS"]);
  assert.equal(refused.headers.get("retry-after"), "1");
  kill(prober, "SIGCONT");
  for (const reply of await Promise.all(waiting)) assert.equal(reply.status, 200);
  await answers(server);
});

Deno.test("a request that takes too long: 504", async () => {
  // Long enough for a check on a machine that is busy, and shorter than the time after which a prober is killed.
  await using server = await start({ words: ["--limit", "request=5000"] });
  const prober = await stopProber(server);
  const reply = await ask(server, CHECK);
  assert.deepEqual([reply.status, reply.code], [504, "REQUEST_TIMEOUT"]);
  await answers(server);
  kill(prober, "SIGCONT");
  assert.equal((await ask(server, CHECK)).status, 200);
});

/** Each event is some 20 kB: what is not read does not fit into the socket. */
const LARGE = `subscription { check(scope: ALL) { ... on Finding { ${
  Array.from({ length: 90 }, (_, i) => `a${i}: feature { impact references title }`).join(" ")
} } } }`;

/** What a promise gives within so many milliseconds, else null. */
async function orNull<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => timer = setTimeout(() => resolve(null), ms));
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

Deno.test("a subscriber that never reads is dropped, and gives its place back", async () => {
  await using server = await start({ words: ["--limit", "subscriptions=1", "--limit", "stall=700"] });
  await answers(server);
  const deaf = await connect(server);
  await sendAll(deaf, bytesOf(server, { ...query(LARGE), headers: { accept: "text/event-stream" } }));
  const second = () =>
    ask(server, { ...query("subscription { changes { verdict } }"), headers: { accept: "text/event-stream" } });
  for (let refused = false; !refused;) {
    // It may still be on its way.
    const reply = await orNull(second(), 300);
    refused = reply !== null && /TOO_MANY_SUBSCRIPTIONS/.test(reply.body);
    if (refused) assert.equal(reply!.status, 503);
  }
  await answers(server);
  const end = performance.now() + 20_000;
  let seen = 0;
  while (seen === 0) {
    try {
      for await (const _event of events(server, "subscription { check { __typename } }")) seen++;
    } catch (error) {
      assert.match(String(error), /TOO_MANY_SUBSCRIPTIONS/);
      assert.ok(performance.now() < end, "the place is not given back");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  deaf.close();
  await answers(server);
});

Deno.test("a log that nobody reads holds nothing up", async () => {
  await using server = await start({ through: ["sh", "-c", '"$0" "$@" | sleep 300'] });
  // Each request leaves a line of some 130 bytes; the pipe takes 64 kB, and 1000 lines wait.
  const connection = await connect(server);
  const request = bytesOf(server, { path: "/health", headers: { connection: "keep-alive" } });
  const buffer = new Uint8Array(65536);
  for (let i = 0; i < 2000; i++) {
    await sendAll(connection, request);
    const size = await connection.read(buffer);
    assert.match(new TextDecoder().decode(buffer.subarray(0, size ?? 0)), /^HTTP\/1\.1 200 /);
  }
  connection.close();
  await answers(server);
});
