/** How a server begins and ends, and what it leaves behind. */
import assert from "node:assert/strict";
import { cready, eventually, publicCopy } from "../cli/binary.ts";
import {
  answers,
  ask,
  bytesOf,
  childrenOf,
  commandOf,
  connect,
  keeperOf,
  kill,
  probersOf,
  query,
  sendAll,
  type Server,
  start,
} from "./server.ts";

const exists = (path: string) => Deno.lstat(path).then(() => true, () => false);
const SUBSCRIPTION = { ...query("subscription { changes { verdict } }"), headers: { accept: "text/event-stream" } };

async function subscribers(server: Server, count: number): Promise<Deno.Conn[]> {
  return await Promise.all(Array.from({ length: count }, async () => {
    const connection = await connect(server);
    await sendAll(connection, bytesOf(server, SUBSCRIPTION));
    // The head has come: it is subscribed.
    await connection.read(new Uint8Array(4096));
    return connection;
  }));
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} ends everything within 2 s, also with subscribers and a hanging request`, async () => {
    await using server = await start();
    assert.equal((await ask(server, query("{ check { outcome } }"))).status, 200);
    const others = [keeperOf(server), ...probersOf(server)];
    const open = await subscribers(server, 20);
    kill(probersOf(server)[0]!, "SIGSTOP");
    const hanging = ask(server, query("{ check { outcome } }")).catch(() => {});
    await answers(server);
    const { ms, code } = await server.stop(signal);
    assert.equal(code, 0);
    assert.ok(ms < 2000, `it took ${ms} ms`);
    assert.ok(!await exists(`${server.folder}/s.sock`), "the socket is still there");
    await eventually("keeper and probers are gone", () => others.every((pid) => commandOf(pid)[0] !== "cready"));
    // Each stream ended, and was not torn off.
    for (const connection of open) {
      let text = "";
      const buffer = new Uint8Array(4096);
      for (let size; (size = await connection.read(buffer)) !== null;) {
        text += new TextDecoder().decode(buffer.subarray(0, size));
      }
      assert.match(text, /0\r\n\r\n$/);
      connection.close();
    }
    await hanging;
  });
}

Deno.test("a stale socket is replaced", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/s.sock`;
    const made = new Deno.Command("python3", {
      args: ["-c", "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", path],
    }).outputSync();
    assert.ok(made.success && await exists(path));
    await using server = await start({ words: ["--socket", path] });
    await answers({ ...server, where: { transport: "unix", path } });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a live socket, of a server that hangs too, is refused", async () => {
  await using server = await start();
  const path = `${server.folder}/s.sock`;
  const refused = async () => {
    const { code, stdout, stderr } = await cready(["serve", "--socket", path]);
    assert.deepEqual([code, stdout, stderr], [1, "", `Error (cready/serve): another server listens on ${path}\n`]);
  };
  await refused();
  await answers(server);
  kill(server.pid, "SIGSTOP");
  await refused();
  kill(server.pid, "SIGCONT");
  await answers(server);
});

Deno.test("what is no socket is refused, and left as it is", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/file`, "mine");
    await Deno.symlink(`${folder}/file`, `${folder}/link`);
    for (
      const [path, sentence] of [
        [`${folder}/file`, `${folder}/file is there and is no socket`],
        [`${folder}/link`, `${folder}/link is there and is no socket`],
        [folder, `${folder} is there and is no socket`],
        [`${folder}/file/s.sock`, `cannot listen on ${folder}/file/s.sock: ENOTDIR`],
        ["/proc/s.sock", "cannot listen on /proc/s.sock: ENOENT"],
      ] as const
    ) {
      const { code, stdout, stderr } = await cready(["serve", "--socket", path]);
      assert.deepEqual([code, stdout], [1, ""], path);
      assert.ok(stderr.startsWith(`Error (cready/serve): ${sentence}`), stderr);
    }
    assert.equal(await Deno.readTextFile(`${folder}/file`), "mine");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a port that is taken is refused", async () => {
  await using server = await start({ tcp: true });
  const { code, stderr } = await cready(["serve", "--listen", server.host]);
  assert.deepEqual([code, stderr], [1, `Error (cready/serve): cannot listen on http://${server.host}: EADDRINUSE\n`]);
  await answers(server);
});

Deno.test("a server that is killed takes keeper, probers and socket with it", async () => {
  await using server = await start();
  assert.equal((await ask(server, query("{ check { outcome } }"))).status, 200);
  const others = [keeperOf(server), ...probersOf(server)];
  kill(probersOf(server)[0]!, "SIGSTOP");
  await server.stop("SIGKILL");
  await eventually("they are gone", () => others.every((pid) => commandOf(pid)[0] !== "cready"));
  assert.ok(!await exists(`${server.folder}/s.sock`));
});

Deno.test("a server whose keeper is killed says so and ends", async () => {
  await using server = await start();
  assert.equal((await ask(server, query("{ check { outcome } }"))).status, 200);
  const probers = probersOf(server);
  kill(keeperOf(server), "SIGKILL");
  await eventually("the server ends", () => commandOf(server.pid).length < 2);
  const { code } = await server.stop("SIGCONT").catch(() => ({ code: 1 }));
  assert.equal(code, 1);
  await eventually("the probers are gone", () => probers.every((pid) => commandOf(pid)[0] !== "cready"));
  assert.ok(server.log().some(({ event }) => event === "keeper"));
});

Deno.test("the keeper outlives a signal to the whole process group", async () => {
  await using server = await start();
  assert.equal((await ask(server, query("{ check { outcome } }"))).status, 200);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) kill(keeperOf(server), signal);
  assert.equal((await ask(server, query("{ check { outcome } }"))).status, 200);
  assert.equal(childrenOf(server.pid).length, 1);
});

Deno.test("others than root serve below XDG_RUNTIME_DIR, with the rights that they have", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.chmod(folder, 0o777);
    const nobody = [
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      "--bounding-set=-all",
      "--inh-caps=-all",
    ];
    const program = await publicCopy();
    // An option that is given twice counts as it was given last; the tests' own comes first.
    await using server = await start({
      through: nobody,
      program,
      env: { XDG_RUNTIME_DIR: folder },
      words: ["--socket", `${folder}/cready/cready.sock`],
    });
    const there = { ...server, where: { transport: "unix", path: `${folder}/cready/cready.sock` } as const };
    const reply = await ask(there, query("{ host { privilege { uid capabilities } } check { outcome } }"));
    assert.deepEqual(reply.json?.data?.host, { privilege: { uid: 65534, capabilities: [] } }, reply.body);
    const found = await cready([
      "query",
      "--connect",
      `unix:${folder}/cready/cready.sock`,
      "{ host { privilege { uid } } }",
    ]);
    assert.deepEqual([found.code, found.stdout], [0, '{"data":{"host":{"privilege":{"uid":65534}}}}\n']);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Wrong words: all end with 2 and one sentence. */
const USAGE: readonly (readonly [words: readonly string[], sentence: RegExp])[] = [
  [["extra"], /takes no words/],
  [["--listen", "0.0.0.0:80"], /--listen takes 127\.0\.0\.1:PORT/],
  [["--listen", "127.0.0.1"], /--listen takes/],
  [["--listen", "127.0.0.1:65536"], /--listen takes/],
  [["--listen", "127.0.0.256:80"], /--listen takes/],
  [["--listen", "[::]:80"], /--listen takes/],
  [["--listen", "10.0.0.1:80"], /--listen takes/],
  [["--listen", "localhost:80"], /--listen takes/],
  [["--token-file", "/etc/hostname"], /--token-file is for --listen/],
  [["--host", "x"], /--host is for --listen/],
  [["--listen", "127.0.0.1:0", "--token-file", "/nonexistent"], /cannot read \/nonexistent: ENOENT/],
  [["--listen", "127.0.0.1:0", "--token-file", "/etc/passwd"], /others may read or write/],
  [["--listen", "127.0.0.1:0", "--token-file", "/dev/zero"], /is no regular file/],
  [["--user", "no-such-user"], /there is no user no-such-user/],
  [["--limit", "body"], /--limit takes NAME=N/],
  [["--limit", "body=0"], /--limit takes NAME=N/],
  [["--limit", "constructor=1"], /--limit takes NAME=N/],
  [["--socket", `/tmp/${"x".repeat(120)}`], /at most 107 bytes/],
  [["--sockets", "x"], /unrecognized option/],
];

for (const [words, sentence] of USAGE) {
  Deno.test(`serve ${words.join(" ").slice(0, 60)} is wrong usage`, async () => {
    const { code, stdout, stderr } = await cready(["serve", ...words]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^Error \(cready\/serve\): [^\n]+\n$/);
    assert.match(stderr, sentence);
  });
}

Deno.test("a token file that is short, long or no token is refused", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const text of ["", "short", "x".repeat(5000), "two words are no good token", "tökentökentökentöken"]) {
      await Deno.writeTextFile(`${folder}/token`, text, { mode: 0o600 });
      const { code, stderr } = await cready(["serve", "--listen", "127.0.0.1:0", "--token-file", `${folder}/token`]);
      assert.equal(code, 2);
      assert.match(stderr, /must hold one token of 16 to 4096 visible ASCII characters\n$/);
      assert.ok(text === "" || !stderr.includes(text));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
