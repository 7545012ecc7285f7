/** Subscriptions over server-sent events, and answers that are shared. */
import assert from "node:assert/strict";
import { eventually } from "../cli/binary.ts";
import { answers, ask, bytesOf, connect, events, query, type Reply, sendAll, type Server, start } from "./server.ts";

const WATCH = `subscription { check(scope: ALL) {
  __typename
  ... on Finding { feature { id } verdict probedAt }
  ... on CheckReport { outcome findings { feature { id } verdict } }
} }`;

async function all(server: Server, text: string): Promise<Reply["json"][]> {
  const list: Reply["json"][] = [];
  for await (const event of events(server, text)) list.push(event.data);
  return list;
}

for (const tcp of [false, true]) {
  Deno.test(`check is watched on ${tcp ? "TCP" : "the Unix socket"}: each finding, then the report`, async () => {
    await using server = await start({ tcp });
    const list = await all(server, WATCH);
    const report = list.at(-1).check;
    assert.equal(report.__typename, "CheckReport");
    assert.deepEqual(
      list.slice(0, -1).map(({ check }) => [check.__typename, check.feature.id, check.verdict]),
      report.findings.map((
        one: { feature: { id: string }; verdict: string },
      ) => ["Finding", one.feature.id, one.verdict]),
    );
    assert.ok(list.length > 50);
  });
}

Deno.test("200 subscribers at once get every event", async () => {
  await using server = await start();
  await answers(server);
  const lists = await Promise.all(Array.from({ length: 200 }, () => all(server, WATCH)));
  const ids = (list: Reply["json"][]) => list.map(({ check }) => check.feature?.id ?? check.outcome);
  for (const list of lists) assert.deepEqual(ids(list), ids(lists[0]!));
  assert.ok(lists[0]!.length > 50);
});

Deno.test("subscriptions that are dropped give their places back", async () => {
  await using server = await start({ words: ["--limit", "subscriptions=3"] });
  const descriptors = () => [...Deno.readDirSync(`/proc/${server.pid}/fd`)].length;
  await answers(server);
  const before = descriptors();
  const text = "subscription { changes(everySeconds: 3600) { verdict } }";
  for (let round = 0; round < 20; round++) {
    const connection = await connect(server);
    await sendAll(connection, bytesOf(server, { ...query(text), headers: { accept: "text/event-stream" } }));
    const buffer = new Uint8Array(4096);
    let head = "";
    while (!head.includes("\r\n\r\n")) {
      head += new TextDecoder().decode(buffer.subarray(0, (await connection.read(buffer))!));
    }
    connection.close();
    if (/^HTTP\/1\.1 503/.test(head)) {
      // The last one's end was not noticed yet.
      round--;
      await new Promise((resolve) => setTimeout(resolve, 5));
    } else assert.match(head, /^HTTP\/1\.1 200/);
  }
  await eventually("all are closed", () => descriptors() <= before, 10);
});

Deno.test("callers at the same time share one run; a later one gets its own", async () => {
  await using server = await start();
  await answers(server);
  const text = query("{ check(scope: ALL) { findings { feature { id } probedAt durationMs } } }");
  const [a, b, c] = await Promise.all([ask(server, text), ask(server, text), ask(server, text)]);
  assert.deepEqual(a.json, b.json);
  assert.deepEqual(a.json, c.json);
  assert.notDeepEqual(a.json, (await ask(server, text)).json);
});

Deno.test("maxAgeMs says how old a proof may be", async () => {
  await using server = await start();
  const at = async (age: number) => {
    const reply = await ask(
      server,
      query(`{ feature(name: "sk_ns") { finding(maxAgeMs: ${age}) { verdict probedAt durationMs } } }`),
    );
    return reply.json.data.feature.finding;
  };
  const first = await at(60_000);
  assert.notEqual(first.verdict, "INCONCLUSIVE");
  assert.deepEqual(await at(60_000), first);
  const now = await at(0);
  assert.notDeepEqual(now, first);
  assert.deepEqual(await at(60_000), now);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.notDeepEqual(await at(10), now);
});

/** Does something in the mount namespace of a server. */
function inMounts(server: Server, command: string): void {
  const { success, stderr } = new Deno.Command("nsenter", {
    args: [`--mount=/proc/${server.pid}/ns/mnt`, "sh", "-c", command],
  }).outputSync();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
}

Deno.test("changes tells of a verdict that is no longer what it was, and again when it is", async () => {
  // In mounts of its own, where /proc/sys can be made read-only for this server alone.
  await using server = await start({ through: ["unshare", "--mount", "--propagation", "private"] });
  const subscribed = Promise.withResolvers<void>();
  const stream = events(
    server,
    "subscription { changes(scope: REQUIRED, everySeconds: 1) { feature { id } verdict } }",
    subscribed.resolve,
  );
  /** The verdicts that are told of ns_last_pid; other checks may change with it. */
  const next = async () => {
    for (;;) {
      const { value } = await stream.next();
      const { feature, verdict } = value.data.changes;
      if (feature.id === "ns_last_pid") return verdict;
    }
  };
  const blocked = next();
  await subscribed.promise;
  inMounts(server, "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys");
  assert.equal(await blocked, "BLOCKED");
  inMounts(server, "umount /proc/sys");
  assert.equal(await next(), "SUPPORTED");
  await stream.return(undefined);
});
