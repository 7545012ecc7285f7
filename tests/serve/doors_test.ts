/** Who is let in: Unix socket, token, one-time code and cookie; Host and Origin. */
import assert from "node:assert/strict";
import { eventually } from "../cli/binary.ts";
import { answers, ask, exchange, query, type Request, start, TOKEN } from "./server.ts";

const HOST = query("{ host { kernel } }");

Deno.test("the Unix socket is the owner's alone, and needs no token", async () => {
  await using server = await start();
  const { mode } = await Deno.lstat(`${server.folder}/s.sock`);
  assert.equal(mode! & 0o777, 0o600);
  await answers(server);
  // Nobody logs in there.
  for (const path of ["/login"]) {
    const reply = await ask(server, { path });
    assert.deepEqual([reply.status, reply.code], [404, "NOT_FOUND"]);
  }
});

Deno.test("over TCP every path needs the right token", async (t) => {
  await using server = await start({ tcp: true });
  await answers(server);
  const tokens: readonly (readonly [name: string, authorization: string | null])[] = [
    ["none", null],
    ["an empty one", "Bearer "],
    ["a wrong one", "Bearer wrong-wrong-wrong-wrong-wrong"],
    ["one letter less", `Bearer ${TOKEN.slice(0, -1)}`],
    ["one letter more", `Bearer ${TOKEN}0`],
    ["another last letter", `Bearer ${TOKEN.slice(0, -1)}0`],
    ["other capitals", `Bearer ${TOKEN.toUpperCase()}`],
    ["another scheme", `Basic ${btoa(`cready:${TOKEN}`)}`],
    ["two in one", `Bearer ${TOKEN} ${TOKEN}`],
  ];
  const requests: readonly Request[] = [
    HOST,
    ...["/graphql?query={__typename}", "/health", "/ready", "/", "/nothing"].map((path) => ({ path })),
  ];
  for (const [name, authorization] of tokens) {
    await t.step(name, async () => {
      for (const request of requests) {
        const reply = await ask(server, { ...request, headers: { authorization } });
        assert.deepEqual([reply.status, reply.code], [401, "UNAUTHENTICATED"], request.path);
        assert.equal(reply.headers.get("www-authenticate"), 'Bearer realm="cready"');
      }
      await answers(server);
    });
  }
  await t.step("twice", async () => {
    const reply = await exchange(
      server,
      new TextEncoder().encode(
        `GET /health HTTP/1.1\r\nhost: ${server.host}\r\nauthorization: Bearer x\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`,
      ),
    );
    assert.deepEqual([reply.status, reply.code], [400, "BAD_REQUEST"]);
  });
  await t.step("in the URL", async () => {
    const reply = await ask(server, {
      path: `/health?token=${TOKEN}&access_token=${TOKEN}`,
      headers: { authorization: null },
    });
    assert.deepEqual([reply.status, reply.code], [401, "UNAUTHENTICATED"]);
  });
  await t.step("the right one, for every path", async () => {
    for (const path of ["/health", "/ready", "/"]) assert.equal((await ask(server, { path })).status, 200, path);
  });
  await t.step("no token is in the log", () => {
    assert.ok(server.log().length > 0);
    assert.ok(!JSON.stringify(server.log()).includes(TOKEN) && !server.said().includes(TOKEN));
  });
});

Deno.test("over TCP only the server's own names are taken for Host", async (t) => {
  await using server = await start({ tcp: true, words: ["--host", "cready.example"] });
  const port = server.host.split(":")[1]!;
  const hosts: readonly (readonly [host: string, status: number])[] = [
    [`127.0.0.1:${port}`, 200],
    [`localhost:${port}`, 200],
    [`LOCALHOST:${port}`, 200],
    ["cready.example", 200],
    ["evil.example", 403],
    [`evil.example:${port}`, 403],
    ["127.0.0.1", 403],
    [`127.0.0.1:${Number(port) - 1}`, 403],
    [`127.0.0.1.evil.example:${port}`, 403],
    [`localhost:${port}.evil.example`, 403],
    ["", 403],
  ];
  for (const [host, status] of hosts) {
    await t.step(`"${host.replace(port, "PORT")}": ${status}`, async () => {
      const reply = await ask(server, { ...HOST, headers: { host } });
      assert.equal(reply.status, status);
      if (status !== 200) assert.equal(reply.code, "HOST_NOT_ALLOWED");
    });
  }
});

Deno.test("over TCP pages of other origins are turned away, with a token too", async (t) => {
  await using server = await start({ tcp: true });
  const own = `http://${server.host}`;
  const headers: readonly (readonly [headers: Record<string, string>, status: number])[] = [
    [{ origin: own }, 200],
    [{ origin: own, "sec-fetch-site": "same-origin" }, 200],
    [{ "sec-fetch-site": "none" }, 200],
    [{ origin: "http://evil.example" }, 403],
    [{ origin: own.replace("127.0.0.1", "localhost") }, 403],
    [{ origin: own.replace(/:[0-9]+$/, ":1") }, 403],
    [{ origin: "null" }, 403],
    [{ origin: "" }, 403],
    [{ "sec-fetch-site": "cross-site" }, 403],
    [{ "sec-fetch-site": "same-site" }, 403],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }, 403],
  ];
  for (const [more, status] of headers) {
    await t.step(`${JSON.stringify(more).replaceAll(/:[0-9]{2,}/g, ":PORT")}: ${status}`, async () => {
      const reply = await ask(server, { ...HOST, headers: more });
      assert.equal(reply.status, status);
      if (status !== 200) assert.equal(reply.code, "ORIGIN_NOT_ALLOWED");
      assert.equal(reply.headers.get("access-control-allow-origin"), undefined);
      assert.equal(reply.headers.get("access-control-allow-credentials"), undefined);
    });
  }
});

/** The one-time code that a server printed last. */
function codeOf(said: string): string {
  return [...said.matchAll(/one-time code ([A-Z0-9-]+)/g)].at(-1)![1]!;
}

const form = (code: string): Request => ({
  path: "/login",
  headers: { authorization: null, "content-type": "application/x-www-form-urlencoded" },
  body: new URLSearchParams({ code }).toString(),
});

Deno.test("a one-time code gives a cookie, once", async (t) => {
  await using server = await start({ tcp: true, noToken: true });
  const anonymous = { authorization: null };
  await eventually("the code is printed", () => server.said().includes("one-time code"));
  const code = codeOf(server.said());

  await t.step("a browser without a cookie is sent to the login, which has no script", async () => {
    const page = await ask(server, { path: "/", headers: { ...anonymous, accept: "text/html" } });
    assert.deepEqual([page.status, page.headers.get("location")], [303, "/login"]);
    const login = await ask(server, { path: "/login", headers: { ...anonymous, accept: "text/html" } });
    assert.equal(login.status, 200);
    assert.match(login.headers.get("content-security-policy")!, /default-src 'none'.*frame-ancestors 'none'/);
    assert.doesNotMatch(login.headers.get("content-security-policy")!, /unsafe|https?:/);
    assert.doesNotMatch(login.body, /<script|style=|https?:/);
    assert.equal((await ask(server, { path: "/login.css", headers: anonymous })).status, 200);
  });

  await t.step("a wrong code, a form of another type and a form from elsewhere give none", async () => {
    const wrong = await ask(server, form("AAAAA-AAAAA"));
    assert.deepEqual([wrong.status, wrong.headers.get("set-cookie")], [403, undefined]);
    const json = await ask(server, { ...form(code), headers: { ...anonymous, "content-type": "application/json" } });
    assert.deepEqual([json.status, json.code], [415, "UNSUPPORTED_MEDIA_TYPE"]);
    const foreign = await ask(server, {
      ...form(code),
      headers: { ...form(code).headers, origin: "http://evil.example" },
    });
    assert.deepEqual([foreign.status, foreign.code], [403, "ORIGIN_NOT_ALLOWED"]);
  });

  let cookie = "";
  await t.step("the code gives a cookie that no script and no other site gets", async () => {
    const reply = await ask(server, form(code.toLowerCase().replace("-", " ")));
    assert.deepEqual([reply.status, reply.headers.get("location")], [303, "/"]);
    const set = reply.headers.get("set-cookie")!;
    assert.match(set, /^cready_session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=[0-9]+$/);
    cookie = set.split(";")[0]!;
  });

  await t.step("the cookie lets in, and a changed one does not", async () => {
    const good = await ask(server, { ...HOST, headers: { ...anonymous, cookie: `other=1; ${cookie}` } });
    assert.equal(good.status, 200);
    for (
      const bad of [`${cookie}0`, cookie.slice(0, -1), "cready_session=", cookie.replace("cready_session", "session")]
    ) {
      const reply = await ask(server, { ...HOST, headers: { ...anonymous, cookie: bad } });
      assert.deepEqual([reply.status, reply.code], [401, "UNAUTHENTICATED"]);
    }
    // A wrong token is not mended by a cookie.
    const both = await ask(server, { ...HOST, headers: { authorization: "Bearer wrong", cookie } });
    assert.equal(both.status, 401);
  });

  await t.step("a used code gives none", async () => {
    const reply = await ask(server, form(code));
    assert.deepEqual([reply.status, reply.headers.get("set-cookie")], [403, undefined]);
  });

  await t.step("SIGUSR1 prints another, and ten wrong tries make it worthless", async () => {
    Deno.kill(server.pid, "SIGUSR1");
    while (codeOf(server.said()) === code) await new Promise((resolve) => setTimeout(resolve, 10));
    for (let i = 0; i < 10; i++) assert.equal((await ask(server, form("AAAAA-AAAAA"))).status, 403);
    assert.equal((await ask(server, form(codeOf(server.said())))).status, 403);
  });

  await t.step("neither code nor cookie is in the log", () => {
    const log = JSON.stringify(server.log());
    assert.ok(!log.includes(code) && !log.includes(cookie.split("=")[1]!));
  });
});

Deno.test("GraphiQL is shown with --graphiql only, to browsers only, and from the binary", async (t) => {
  const browser = { accept: "text/html,application/xhtml+xml" };
  await t.step("without", async () => {
    await using server = await start({ tcp: true });
    const reply = await ask(server, { path: "/graphql", headers: browser });
    assert.doesNotMatch(reply.body, /<html/);
    assert.equal((await ask(server, { path: "/graphiql.js" })).status, 404);
  });
  await t.step("with", async () => {
    await using server = await start({ tcp: true, words: ["--graphiql"] });
    const page = await ask(server, { path: "/graphql", headers: browser });
    assert.equal(page.status, 200);
    assert.match(page.body, /<script src="\/graphiql\.js"><\/script>/);
    assert.doesNotMatch(page.body, /https?:|<script>|style=/);
    assert.match(page.headers.get("content-security-policy")!, /default-src 'none'.*script-src 'self';/);
    for (const path of ["/graphiql.js", "/graphiql.css"]) {
      const file = await ask(server, { path });
      assert.deepEqual([file.status, file.headers.get("content-encoding")], [200, "gzip"], path);
      assert.equal((await ask(server, { path, headers: { authorization: null } })).status, 401);
    }
    assert.equal((await ask(server, HOST)).status, 200);
    const get = await ask(server, { path: "/graphql?query=%7B__typename%7D" });
    assert.deepEqual(get.json, { data: { __typename: "Query" } });
  });
});
