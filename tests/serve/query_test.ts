/** `cready query --connect`. */
import assert from "node:assert/strict";
import { cready } from "../cli/binary.ts";
import { ask, query, type Server, start, TOKEN } from "./server.ts";

const where = (server: Server): string[] =>
  "path" in server.where
    ? ["--connect", `unix:${server.where.path}`]
    : ["--connect", `http://${server.host}`, "--token-file", `${server.folder}/token`];

for (const tcp of [false, true]) {
  Deno.test(`query asks a server on ${tcp ? "TCP" : "the Unix socket"}`, async (t) => {
    await using server = await start({ tcp });
    const ask = (...words: string[]) => cready(["query", ...words, ...where(server)]);
    await t.step("a query", async () => {
      const { code, stdout } = await ask("{ host { kernel } }");
      assert.deepEqual([code, JSON.parse(stdout)], [0, { data: { host: { kernel: Deno.osRelease() } } }]);
    });
    await t.step("with variables and an operation's name", async () => {
      const { code, stdout } = await ask(
        "query A { __typename } query B($n: String!) { feature(name: $n) { id } }",
        "--operation=B",
        '--variables={"n":"tun"}',
      );
      assert.deepEqual([code, JSON.parse(stdout)], [0, { data: { feature: { id: "tun" } } }]);
    });
    await t.step("a large answer", async () => {
      const { code, stdout } = await ask(
        "{ check(scope: ALL) { findings { feature { id impact references } evidence { call answer } } } }",
      );
      assert.equal(code, 0);
      assert.ok(JSON.parse(stdout).data.check.findings.length > 50 && stdout.length > 10_000);
    });
    await t.step("a subscription, to its end", async () => {
      const { code, stdout } = await ask("subscription { check(scope: ALL) { __typename } }");
      assert.equal(code, 0);
      const names = stdout.trimEnd().split("\n").map((line) => JSON.parse(line).data.check.__typename);
      assert.equal(names.indexOf("CheckReport"), names.length - 1);
    });
    await t.step("a mistake: 1", async () => {
      for (const query of ["{ nope }", "subscription { changes(everySeconds: 0) { verdict } }", "{"]) {
        const { code, stdout } = await ask(query);
        assert.equal(code, 1);
        assert.ok(JSON.parse(stdout).errors[0].extensions.code);
      }
    });
  });
}

Deno.test("the host's criu and processor are those of cready report, from a server and without", async () => {
  const text = "{ host { cpuCompatId criu { path version fault plugins configFiles } } }";
  const folder = await Deno.makeTempDir({ prefix: "cready-criu-" });
  const env = { ...Deno.env.toObject(), PATH: `${folder}:/usr/bin:/bin` };
  const says = async (version: string) => {
    await Deno.writeTextFile(`${folder}/new`, `#!/bin/sh\necho Version: ${version}\n`, { mode: 0o755 });
    await Deno.rename(`${folder}/new`, `${folder}/criu`);
  };
  const alike = async (...words: string[]) => {
    const [told, asked] = await Promise.all([cready(["report"], { env }), cready(["query", text, ...words], { env })]);
    const { cpu, criu } = JSON.parse(told.stdout);
    assert.deepEqual(JSON.parse(asked.stdout), { data: { host: { cpuCompatId: cpu?.compatId ?? null, criu } } });
    return criu;
  };
  try {
    await using server = await start({ env });
    assert.equal((await alike())?.path === `${folder}/criu`, false);
    await says("4.2.1");
    assert.deepEqual([(await alike()).path, (await alike()).version], [`${folder}/criu`, "4.2.1"]);
    assert.equal((await alike(...where(server))).version, "4.2.1");
    // Another may be installed while the server runs.
    await says("4.1.1");
    assert.equal((await alike(...where(server))).version, "4.1.1");
    const all = await Promise.all(Array.from({ length: 8 }, () => ask(server, query(text))));
    for (const { body } of all) assert.match(body, /"version":"4.1.1"/);
    // It is run for those alone who ask for it.
    await Deno.writeTextFile(`${folder}/new`, `#!/bin/sh\n: >${folder}/was-run\n`, { mode: 0o755 });
    await Deno.rename(`${folder}/new`, `${folder}/criu`);
    const { body } = await ask(server, query("{ host { kernel cpuCompatId } check { host { architecture } } }"));
    assert.equal([...Deno.readDirSync(folder)].some(({ name }) => name === "was-run"), false, body);
    const failed = await ask(server, query("{ check { host { criu { version fault } } } }"));
    assert.deepEqual(
      failed.json?.data.check.host.criu,
      { version: null, fault: "it does not say its version" },
      failed.body,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("query without a token is refused over TCP: 1", async () => {
  await using server = await start({ tcp: true });
  const { code, stdout } = await cready(["query", "{ __typename }", "--connect", `http://${server.host}`]);
  assert.deepEqual([code, JSON.parse(stdout).errors[0].extensions.code], [1, "UNAUTHENTICATED"]);
  const onSocket = await cready([
    "query",
    "{ __typename }",
    "--connect",
    "unix:/x",
    "--token-file",
    `${server.folder}/token`,
  ]);
  assert.equal(onSocket.code, 2);
  assert.ok(!stdout.includes(TOKEN));
});

Deno.test("query where nobody listens: 1", async () => {
  for (const address of ["unix:/tmp/cready-nobody.sock", "http://127.0.0.1:1"]) {
    const { code, stdout } = await cready(["query", "{ __typename }", "--connect", address]);
    assert.deepEqual([code, JSON.parse(stdout).errors[0].extensions.code], [1, "NOT_CONNECTED"]);
  }
});

/** Answers that are none. */
const NONSENSE: readonly string[] = [
  "",
  "hello\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{[",
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n5\r\n:\n\n\n\n\r\n0\r\n\r\n",
];

for (const nonsense of NONSENSE) {
  Deno.test(`query of a server that answers ${JSON.stringify(nonsense).slice(0, 70)}: 1`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const answering = (async () => {
      const connection = await listener.accept();
      await connection.read(new Uint8Array(65536));
      await connection.write(new TextEncoder().encode(nonsense));
      // All that was sent is read, lest the answer be lost with a reset.
      await connection.closeWrite();
      while (await connection.read(new Uint8Array(65536)).catch(() => null) !== null);
      connection.close();
    })();
    const address = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
    const { code, stdout, stderr } = await cready(["query", "{ __typename }", "--connect", address]);
    await answering;
    assert.deepEqual([code, stderr], [1, ""]);
    assert.equal(JSON.parse(stdout).errors[0].extensions.code, "BAD_ANSWER");
  });
}
