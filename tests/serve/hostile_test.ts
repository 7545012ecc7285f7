/** Requests that no good client sends: each has its status and its code, and the server answers the next good one. */
import assert from "node:assert/strict";
import { answers, ask, bytesOf, exchange, query, type Request, type Server, start } from "./server.ts";

type Case = readonly [name: string, request: Request, status: number, code: string | undefined];

const accept = { accept: "application/graphql-response+json" };
const utf8 = new TextEncoder();

/** Fragments of which each spreads the next twice. */
function doubling(levels: number): string {
  const fragments = Array.from({ length: levels }, (_, i) => `fragment f${i} on Feature { ...f${i + 1} ...f${i + 1} }`);
  return `{ features { ...f0 } } ${fragments.join(" ")} fragment f${levels} on Feature { id }`;
}

const CASES: readonly Case[] = [
  ["malformed JSON", { body: '{"query":' }, 400, "BAD_REQUEST"],
  ["no JSON at all", { body: "{ host { kernel } }" }, 400, "BAD_REQUEST"],
  ["JSON that is no object", { body: "[]" }, 400, "BAD_REQUEST"],
  ["JSON null", { body: "null" }, 400, "BAD_REQUEST"],
  ["an empty body", { body: "", method: "POST", headers: { "content-type": "application/json" } }, 400, "BAD_REQUEST"],
  ["a query that is no string", { body: '{"query":7}', headers: accept }, 400, "BAD_REQUEST"],
  ["no query", { body: '{"variables":{}}', headers: accept }, 400, "BAD_REQUEST"],
  ["an unknown parameter", { body: '{"query":"{__typename}","more":1}' }, 400, "BAD_REQUEST"],
  [
    "variables that are no object",
    { body: '{"query":"{__typename}","variables":7}', headers: accept },
    400,
    "BAD_REQUEST",
  ],
  [
    "several operations in a batch",
    { body: '[{"query":"{__typename}"},{"query":"{__typename}"}]' },
    400,
    "BAD_REQUEST",
  ],
  ...["text/plain", "application/graphql", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    .map(
      (
        type,
      ): Case => [
        `content type "${type}"`,
        { ...query("{ host { kernel } }"), headers: { "content-type": type } },
        415,
        "UNSUPPORTED_MEDIA_TYPE",
      ],
    ),
  [
    "an answer of another type",
    { ...query("{ __typename }"), headers: { accept: "image/png" } },
    406,
    "NOT_ACCEPTABLE",
  ],
  [
    "invalid UTF-8",
    { body: new Uint8Array([...utf8.encode('{"query":"{ host { kernel } } #'), 0xff, 0xfe, ...utf8.encode('"}')]) },
    400,
    "BODY_NOT_UTF8",
  ],
  ["a body of 10 MB", query(`{ host { kernel } } #${"x".repeat(10_000_000)}`), 413, "BODY_TOO_LARGE"],
  ["a body of one byte too much", { body: "x".repeat(65_537) }, 413, "BODY_TOO_LARGE"],
  ["100,000 braces", query("{".repeat(100_000)), 413, "BODY_TOO_LARGE"],
  ["as many braces as the body lets in", query("{".repeat(60_000)), 400, "QUERY_TOO_DEEP"],
  ["braces in a body that is let in", query("{a".repeat(1500)), 400, "QUERY_TOO_DEEP"],
  ["1,900 brackets, within the tokens", query(`{ features(names: ${"[".repeat(1900)}`), 400, "QUERY_TOO_DEEP"],
  ["1,900 braces in an argument", query(`{ features(names: ${"{a:".repeat(600)}`), 400, "QUERY_TOO_DEEP"],
  [
    "variables of 30,000 brackets",
    {
      body: `{"query":"query($n: [String!]){features(names:$n){id}}","variables":{"n":${"[".repeat(30_000)}${
        "]".repeat(30_000)
      }}}`,
    },
    400,
    "BAD_USER_INPUT",
  ],
  [
    "as many aliases as the tokens let through",
    query(`{ ${Array.from({ length: 101 }, (_, i) => `a${i}: __typename`).join(" ")} }`),
    400,
    "QUERY_HAS_TOO_MANY_ALIASES",
  ],
  [
    "a document that is too deep",
    query(`{ categories ${"{ features { category ".repeat(6)} { name } ${"} }".repeat(6)} }`),
    400,
    "QUERY_TOO_DEEP",
  ],
  [
    "an answer that is too large",
    query("{ categories { features { category { features { category { name } } } } } }"),
    400,
    "QUERY_TOO_COSTLY",
  ],
  ["fragments that double the answer", query(doubling(30)), 400, "QUERY_TOO_COSTLY"],
  [
    "a fragment within itself",
    { ...query("{ ...f } fragment f on Query { ...f }"), headers: accept },
    400,
    "GRAPHQL_VALIDATION_FAILED",
  ],
  [
    "two fragments within each other",
    { ...query("{ ...f } fragment f on Query { ...g } fragment g on Query { ...f }"), headers: accept },
    400,
    "GRAPHQL_VALIDATION_FAILED",
  ],
  [
    "an unknown operation name",
    { ...query("query A { __typename }", { operationName: "B" }), headers: accept },
    400,
    "OPERATION_RESOLUTION_FAILURE",
  ],
  ["a syntax error", { ...query("{ host { kernel }"), headers: accept }, 400, "GRAPHQL_PARSE_FAILED"],
  ["an empty document", { ...query(""), headers: accept }, 400, "GRAPHQL_PARSE_FAILED"],
  ["an unknown field", { ...query("{ files }"), headers: accept }, 400, "GRAPHQL_VALIDATION_FAILED"],
  ["a mutation", { ...query("mutation { check { outcome } }"), headers: accept }, 400, "GRAPHQL_VALIDATION_FAILED"],
  [
    "an argument out of its bounds",
    { ...query('{ feature(name: "tun") { finding(maxAgeMs: -1) { verdict } } }') },
    200,
    "BAD_USER_INPUT",
  ],
  ["another path", { path: "/etc/passwd" }, 404, "NOT_FOUND"],
  ["a path that climbs", { path: "/../../etc/passwd" }, 404, "NOT_FOUND"],
  ["another method", { ...query("{ __typename }"), method: "PUT" }, 405, "METHOD_NOT_ALLOWED"],
  ["a method that is none", { method: "BREW" }, 405, "METHOD_NOT_ALLOWED"],
  [
    "a preflight",
    { method: "OPTIONS", headers: { origin: "http://localhost", "access-control-request-method": "POST" } },
    405,
    "METHOD_NOT_ALLOWED",
  ],
  ["TRACE", { method: "TRACE" }, 405, "METHOD_NOT_ALLOWED"],
  [
    "a foreign origin",
    { ...query("{ __typename }"), headers: { origin: "http://evil.example" } },
    403,
    "ORIGIN_NOT_ALLOWED",
  ],
  ["no origin's origin", { ...query("{ __typename }"), headers: { origin: "null" } }, 403, "ORIGIN_NOT_ALLOWED"],
  [
    "a page of another site",
    { ...query("{ __typename }"), headers: { "sec-fetch-site": "cross-site" } },
    403,
    "ORIGIN_NOT_ALLOWED",
  ],
  ["headers of 20 kB", { headers: { "x-long": "x".repeat(20_000) } }, 431, "HEADERS_TOO_LARGE"],
  [
    "70 headers",
    { headers: Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`x-${i}`, "1"])) },
    431,
    "HEADERS_TOO_LARGE",
  ],
  ["a path of 20 kB", { path: `/graphql?query=${"x".repeat(20_000)}` }, 431, "HEADERS_TOO_LARGE"],
];

/** What is not even a request. */
const BYTES: readonly (readonly [name: string, text: string, status: number, code: string])[] = [
  ["no HTTP", "hello\r\n\r\n", 400, "BAD_REQUEST"],
  ["a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "BAD_REQUEST"],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP_VERSION_UNKNOWN"],
  ["no Host", "GET /health HTTP/1.1\r\n\r\n", 400, "BAD_REQUEST"],
  ["two Hosts", "GET /health HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400, "BAD_REQUEST"],
  ["a space before a colon", "GET /health HTTP/1.1\r\nhost : a\r\n\r\n", 400, "BAD_REQUEST"],
  ["a folded header", "GET /health HTTP/1.1\r\nhost: a\r\n b\r\n\r\n", 400, "BAD_REQUEST"],
  ["a bare line feed", "GET /health HTTP/1.1\nhost: a\r\n\r\n", 400, "BAD_REQUEST"],
  ["a NUL in a header", "GET /health HTTP/1.1\r\nhost: a\0b\r\n\r\n", 400, "BAD_REQUEST"],
  ["a URL of another host", "GET http://evil.example/health HTTP/1.1\r\nhost: localhost\r\n\r\n", 400, "BAD_REQUEST"],
  [
    "a URL with a name before the host",
    "GET http://localhost@evil.example/ HTTP/1.1\r\nhost: localhost\r\n\r\n",
    400,
    "BAD_REQUEST",
  ],
  ["another scheme", "GET https://localhost/health HTTP/1.1\r\nhost: localhost\r\n\r\n", 400, "BAD_REQUEST"],
  ["an asterisk", "OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n", 400, "BAD_REQUEST"],
  [
    "two lengths",
    "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
    400,
    "BAD_REQUEST",
  ],
  [
    "a length that is none",
    "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
    400,
    "BAD_REQUEST",
  ],
  [
    "a length and chunks",
    "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
    "BAD_REQUEST",
  ],
  [
    "another transfer encoding",
    "POST /graphql HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
    501,
    "TRANSFER_ENCODING_UNKNOWN",
  ],
  [
    "a chunk without a size",
    "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
    400,
    "BAD_REQUEST",
  ],
  [
    "a chunk that is too long",
    "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n",
    400,
    "BAD_REQUEST",
  ],
  [
    "a chunk of 4 GB",
    "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n",
    413,
    "BODY_TOO_LARGE",
  ],
];

async function withServer(test: (server: Server) => Promise<void>): Promise<void> {
  await using server = await start();
  await test(server);
}

Deno.test("hostile requests", async (t) => {
  await withServer(async (server) => {
    for (const [name, request, status, code] of CASES) {
      await t.step(`${name}: ${status} ${code}`, async () => {
        const reply = await ask(server, request);
        assert.deepEqual([reply.status, reply.code], [status, code], reply.body.slice(0, 300));
        await answers(server);
      });
    }
    for (const [name, text, status, code] of BYTES) {
      await t.step(`${name}: ${status} ${code}`, async () => {
        const reply = await exchange(server, utf8.encode(text));
        assert.deepEqual([reply.status, reply.code], [status, code], reply.body.slice(0, 300));
        await answers(server);
      });
    }
    await t.step("no answer has a stack trace, and none is of the server's own fault", () => {
      for (const { status, code } of server.log()) {
        assert.ok(typeof status === "number" && (status < 500 || [501, 505].includes(status)), `${status} ${code}`);
      }
      assert.ok(!server.said().includes("cready itself failed"), server.said());
    });
  });
});

Deno.test("a server that takes larger bodies holds to the tokens all the same", async (t) => {
  await using server = await start({ words: ["--limit", "body=2000000"] });
  for (
    const [name, text, code] of [
      ["100,000 braces", "{a ".repeat(100_000), "QUERY_TOO_DEEP"],
      ["100,000 fields", `{${" host".repeat(100_000)}`, "QUERY_TOO_LONG"],
      [
        "10,000 aliases",
        `{ ${Array.from({ length: 10_000 }, (_, i) => `a${i}: host { kernel }`).join(" ")} }`,
        "QUERY_TOO_LONG",
      ],
    ] as const
  ) {
    await t.step(name, async () => {
      const reply = await ask(server, query(text));
      assert.deepEqual([reply.status, reply.code], [400, code], reply.body.slice(0, 300));
      await answers(server);
    });
  }
});

Deno.test("a whole URL of the same host is its path", async () => {
  await withServer(async (server) => {
    const text = "GET http://LOCALHOST/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    const reply = await exchange(server, utf8.encode(text));
    assert.deepEqual([reply.status, reply.body], [200, '{"status":"ok"}\n']);
  });
});

Deno.test("a body in chunks, with trailers, is one request", async () => {
  await withServer(async (server) => {
    const body = '{"query":"{ host { kernel } }"}';
    const parts = [...body].map((one) => `1;ext=1\r\n${one}\r\n`).join("");
    const head = new TextDecoder().decode(
      bytesOf(server, {
        method: "POST",
        headers: { "content-type": "application/json", "transfer-encoding": "chunked" },
      }),
    );
    const reply = await exchange(server, utf8.encode(`${head}${parts}0\r\ntrailer: 1\r\n\r\n`));
    assert.equal(reply.status, 200, reply.body);
    assert.equal(typeof reply.json.data.host.kernel, "string");
  });
});

Deno.test("several requests on one connection are answered in their order", async () => {
  await withServer(async (server) => {
    const keep = { connection: "keep-alive" };
    const text = ["a", "b", "c"].map((name) =>
      new TextDecoder().decode(bytesOf(server, { ...query(`{ ${name}: __typename }`), headers: keep }))
    ).join("") + new TextDecoder().decode(bytesOf(server, query("{ d: __typename }")));
    const reply = await exchange(server, utf8.encode(text));
    const names = [...(`${[...reply.headers].join()}${reply.body}`).matchAll(/"data":\{"([a-d])"/g)].map(([, name]) =>
      name
    );
    assert.deepEqual(names, ["a", "b", "c", "d"]);
  });
});
