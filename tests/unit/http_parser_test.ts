import assert from "node:assert/strict";
import fc from "fast-check";
import { HttpFault, type HttpRequest } from "../../server/http/message.ts";
import { RequestParser } from "../../server/http/parser.ts";

const LIMITS = { head: 2000, body: 1000 };
const bytes = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** The requests in a text that arrives in these pieces, or the fault that ends it. */
function read(pieces: readonly Uint8Array[]): (HttpRequest | number)[] {
  const parser = new RequestParser(LIMITS);
  const read: (HttpRequest | number)[] = [];
  for (const piece of pieces) {
    parser.push(piece);
    try {
      for (let request; (request = parser.request()) !== undefined;) read.push(request);
    } catch (error) {
      if (!(error instanceof HttpFault)) throw error;
      return [...read, error.status];
    }
  }
  return read;
}

function cut(text: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...[...at].map((one) => one % (text.length + 1)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((end, i) => text.subarray(places[i]!, end));
}

const STREAM = [
  "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
  "POST /graphql HTTP/1.1\r\nhost: x\r\nContent-Length: 5\r\nX-A:  1 \r\nx-a: 2\r\n\r\nhello",
  "\r\nPOST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\n\r\n\r\n0\r\nt: 1\r\n\r\n",
  "GET / HTTP/1.0\r\n\r\n",
].join("");

Deno.test("RequestParser reads requests however they are cut", () => {
  const whole = read([bytes(STREAM)]) as HttpRequest[];
  assert.deepEqual(whole.map(({ method, target, body }) => [method, target, new TextDecoder().decode(body)]), [
    ["GET", "/a?b=c", ""],
    ["POST", "/graphql", "hello"],
    ["POST", "/", "abc\r\n"],
    ["GET", "/", ""],
  ]);
  assert.equal(whole[1]!.headers.get("x-a"), "1, 2");
  assert.deepEqual(whole.map(({ keepAlive }) => keepAlive), [true, true, true, false]);
  fc.assert(fc.property(fc.array(fc.nat()), (at) => {
    assert.deepEqual(read(cut(bytes(STREAM), at)), whole);
  }));
});

Deno.test("RequestParser never throws anything but HttpFault, whatever arrives", () => {
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    // Something like a request: pieces of one, mixed.
    fc.array(
      fc.constantFrom(
        "GET ",
        "POST ",
        "/ ",
        "HTTP/1.1",
        "\r\n",
        "\n",
        "host: x",
        ": ",
        "content-length: 3",
        "0",
        "abc",
        "transfer-encoding: chunked",
        "\0",
        " ",
      ),
      { maxLength: 30 },
    ).map((parts) => bytes(parts.join(""))),
  );
  fc.assert(fc.property(any, fc.array(fc.nat(), { maxLength: 5 }), (text, at) => {
    for (const one of read(cut(text, at))) {
      if (typeof one === "number") assert.ok([400, 413, 431, 501, 505].includes(one));
      else assert.ok(one.target.startsWith("/") && one.body.length <= LIMITS.body);
    }
  }));
});

/** Where what comes first stands alone: nothing that follows may be taken for a request. */
const FAULTS: readonly (readonly [text: string, status: number])[] = [
  [
    "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n",
    400,
  ],
  ["GET / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n", 400],
  ["GET / HTTP/1.1\r\nhost: x\r\ncontent-length: +1\r\n\r\n", 400],
  ["GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 0x1\r\n\r\n", 400],
  ["GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1, 1\r\n\r\n", 400],
  ["GET / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n", 400],
  ["GET  / HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  ["GET /\x7f HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  ["get / HTTP/1.1\r\nhost: x\r\n\r\n", 400],
  [`GET /${"x".repeat(3000)}`, 431],
  ["GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\n\r\n", 413],
  [`POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3e8\r\n${"x".repeat(1000)}\r\n1\r\nx\r\n`, 413],
  [`POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1;${"x".repeat(500)}`, 400],
  ["POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\nx\n0\n\n", 400],
];

for (const [text, status] of FAULTS) {
  Deno.test(`RequestParser answers ${JSON.stringify(text).slice(0, 90)} with ${status}`, () => {
    assert.deepEqual(read([bytes(text)]), [status]);
  });
}
