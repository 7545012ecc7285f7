import assert from "node:assert/strict";
import fc from "fast-check";
import { criu_req_type as Type } from "../../../proto/gen/rpc_pb.ts";
import {
  decodeRequest,
  decodeResponse,
  encodeQuestion,
  encodeResponse,
  type Response,
  typeName,
} from "../../../rpc/packet.ts";

const bytes = (hex: string) => Uint8Array.from(hex.split(" ").map((one) => parseInt(one, 16)));
const hex = (packet: Uint8Array) => [...packet].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

const types = fc.constantFrom(...Object.values(Type).filter((one): one is Type => typeof one === "number"));
const flags = fc.record({ memTrack: fc.boolean(), lazyPages: fc.boolean(), pidfdStore: fc.boolean() });
const int32 = fc.integer({ min: 0, max: 2 ** 31 - 1 });

Deno.test("questions have the bytes that were seen from the libraries", () => {
  assert.equal(hex(encodeQuestion({ type: Type.VERSION, imagesDirFd: null })), "08 0a");
  assert.equal(hex(encodeQuestion({ type: Type.VERSION, imagesDirFd: 0 })), "08 0a 12 02 08 00");
  assert.equal(hex(encodeQuestion({ type: Type.CHECK, imagesDirFd: null })), "08 03");
  assert.equal(
    hex(encodeQuestion({ type: Type.FEATURE_CHECK, imagesDirFd: 0, features: { memTrack: true, lazyPages: true } })),
    "08 09 12 02 08 00 2a 04 08 01 10 01",
  );
});

Deno.test("answers have the bytes that clients read", () => {
  assert.equal(hex(encodeResponse({ type: Type.CHECK, success: true })), "08 03 10 01");
  assert.equal(
    hex(encodeResponse({ type: Type.DUMP, success: false, errno: 95, message: "no" })),
    "08 01 10 00 38 5f 4a 02 6e 6f",
  );
  assert.equal(
    hex(
      encodeResponse({ type: Type.VERSION, success: true, version: { major: 4, minor: 2, sublevel: 1, gitId: null } }),
    ),
    "08 0a 10 01 52 06 08 04 10 02 20 01",
  );
  // All three are there, false ones too: libcriu looks whether they are.
  assert.equal(
    hex(encodeResponse({
      type: Type.FEATURE_CHECK,
      success: true,
      features: { memTrack: false, lazyPages: true, pidfdStore: false },
    })),
    "08 09 10 01 42 06 08 00 10 01 18 00",
  );
});

Deno.test("decodeRequest reads what encodeQuestion writes", () => {
  fc.assert(fc.property(types, fc.option(int32), fc.option(flags), (type, imagesDirFd, features) => {
    const request = decodeRequest(encodeQuestion({ type, imagesDirFd, ...(features ? { features } : {}) }));
    assert(request);
    assert.equal(request.type, type);
    assert.equal(request.keepOpen, false);
    assert.deepEqual(request.features && { ...request.features }, features && { ...request.features, ...features });
  }));
});

Deno.test("decodeResponse reads what encodeResponse writes", () => {
  const responses: fc.Arbitrary<Response> = fc.record({
    type: types,
    success: fc.boolean(),
    errno: int32,
    message: fc.string({ minLength: 1, maxLength: 300, unit: "grapheme" }),
    features: flags,
    version: fc.record({
      major: int32,
      minor: int32,
      sublevel: fc.option(int32),
      gitId: fc.option(fc.string({ minLength: 1 })),
    }, { noNullPrototype: true }),
  }, { requiredKeys: ["type", "success"], noNullPrototype: true });
  fc.assert(fc.property(responses, (response) => {
    const read = decodeResponse(encodeResponse(response));
    assert(read);
    const { features, ...rest } = read;
    const { features: asked, ...given } = response;
    assert.deepEqual(rest, given);
    assert.deepEqual(
      features && [features.memTrack, features.lazyPages, features.pidfdStore],
      asked && Object.values(asked),
    );
  }));
});

Deno.test("random bytes are read or refused, never thrown at", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (packet) => {
      const request = decodeRequest(packet);
      assert(request === null || request.type === null || typeName(request.type) !== undefined);
      decodeResponse(packet);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a request that is cut short is refused", () => {
  const whole = encodeQuestion({ type: Type.FEATURE_CHECK, imagesDirFd: -1, features: { memTrack: true } });
  for (let size = 0; size < whole.length; size++) {
    // Where a field ends, what is left is a request with fewer fields.
    const request = decodeRequest(whole.subarray(0, size));
    if (request !== null) assert([2, 15].includes(size), `${size} of ${whole.length} bytes`);
  }
});

Deno.test("a request with a byte changed is read or refused", () => {
  const whole = encodeQuestion({ type: Type.CHECK, imagesDirFd: 7, features: { memTrack: true, lazyPages: false } });
  fc.assert(fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
    const changed = whole.slice();
    changed[at] = byte;
    decodeRequest(changed);
  }));
});

const REFUSED: readonly (readonly [what: string, packet: string])[] = [
  ["without a type", "20 01"],
  ["whose type is text", "0a 01 03"],
  ["whose type is 32 bits", "0d 03 00 00 00"],
  ["whose options are a number", "08 03 10 01"],
  ["whose options reach beyond its end", "08 03 12 7f 08 00"],
  ["whose features hold text", "08 09 2a 03 0a 01 41"],
  ["with an unknown group that does not end", "08 03 3b"],
];
for (const [what, packet] of REFUSED) {
  Deno.test(`a request ${what} is refused`, () => assert.equal(decodeRequest(bytes(packet)), null));
}

Deno.test("a field that reaches out of its message is refused", () => {
  // options of 1 byte, whose number goes on behind them: read on, it would be that of keep_open
  assert.equal(decodeRequest(bytes("08 03 12 01 08 20 01")), null);
});

Deno.test("a type without a name is known as that, wherever the last one stands", () => {
  assert.equal(decodeRequest(bytes("08 63"))?.type, null);
  assert.equal(decodeRequest(bytes("08 ff ff ff ff ff ff ff ff ff 01"))?.type, null);
  assert.equal(decodeRequest(bytes("08 01 08 03"))?.type, Type.CHECK);
});

Deno.test("a long message is cut and stays readable", () => {
  for (const text of ["x".repeat(5000), "😀".repeat(3000), `a${"😀".repeat(3000)}`, "\ud800".repeat(10)]) {
    const packet = encodeResponse({ type: Type.CHECK, success: false, message: text });
    assert(packet.length < 8192, "more than go-criu reads");
    const message = decodeResponse(packet)?.message;
    assert(message && message.isWellFormed());
    if (text.length > 2000) assert(message.endsWith("…"));
  }
});
