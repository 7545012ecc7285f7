import assert from "node:assert/strict";
import fc from "fast-check";
import { SysError, TimeoutError } from "../../ffi/errno.ts";
import {
  attribute,
  be32,
  cstring,
  i32,
  message,
  Netlink,
  NetlinkError,
  NLM_F_ACK,
  NLM_F_DUMP,
  parseAttributes,
  parseMessages,
  u32,
} from "../../ffi/netlink.ts";
import { Sys } from "../../ffi/sys.ts";
import { fakeLibc, type FakeMachine } from "./fake_libc.ts";
import { fakeNetlink } from "./fake_netlink.ts";

const bytes = fc.uint8Array({ maxLength: 300 });

function open(calls: FakeMachine["calls"]): { netlink: Netlink; sys: Sys } {
  const sys = new Sys(fakeLibc({ calls: calls! }), []);
  const netlink = new Netlink(sys.memory);
  netlink.connect(sys, "NETLINK_ROUTE");
  return { netlink, sys };
}

/** What a socket that answers with these datagrams, and then with silence, makes of a request. */
function answered(...datagrams: (Uint8Array | string)[]): ReturnType<Netlink["look"]> {
  const { netlink } = open({
    socket: 2000,
    setsockopt: 0,
    sendto: ({ args }) => args[2]!,
    recvfrom({ args: [, at], memory }) {
      const next = datagrams.shift() ?? "EAGAIN";
      if (typeof next === "string") return next;
      memory.write(at!, next.subarray(0, 32 * 1024));
      return next.length;
    },
  });
  return netlink.look(netlink.request("RTM_GETLINK()", message(18, NLM_F_ACK)));
}

Deno.test("a message has its header, and attributes their padding", () => {
  const built = message(20, 0x301, u32(1), attribute(3, cstring("lo")));
  assert.deepEqual([...built.subarray(0, 8)], [28, 0, 0, 0, 20, 0, 1, 3]);
  assert.deepEqual([...built.subarray(20)], [7, 0, 3, 0, 0x6c, 0x6f, 0, 0]);
  assert.deepEqual([...be32(461)], [0, 0, 1, 0xcd]);
});

Deno.test("what was built is parsed again", () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 65535 }), fc.integer({ min: 1, max: 0x3fff }), bytes, (type, id, value) => {
      const [one, ...rest] = parseMessages(message(type, 0, attribute(id, value)));
      assert.equal(rest.length, 0);
      assert.equal(one?.type, type);
      assert.deepEqual(parseAttributes(one!.body).get(id), value);
    }),
  );
});

Deno.test("malformed bytes give less, never an error", () => {
  fc.assert(fc.property(bytes, (data) => {
    for (const { body } of parseMessages(data)) parseAttributes(body);
    parseAttributes(data);
    i32(data);
  }));
  fc.assert(fc.property(bytes, fc.nat(40), (value, cut) => {
    const whole = message(16, 0, attribute(1, value), attribute(2, value));
    const messages = parseMessages(whole.subarray(0, whole.length - cut));
    assert.ok(messages.length <= 1);
    for (const { body } of messages) parseAttributes(body);
  }));
});

Deno.test("a message or attribute that says a length of 0 ends the list", () => {
  assert.deepEqual(parseMessages(new Uint8Array(64)), []);
  assert.equal(parseAttributes(new Uint8Array(64)).size, 0);
});

Deno.test("answers come before the end, of several datagrams too", () => {
  const link = message(16, 0, u32(7));
  const { error, answers } = answered(link, "EINTR", link, message(3, 0, u32(0)));
  assert.equal(error, 0);
  assert.deepEqual(answers.map(({ type, body }) => [type, i32(body)]), [[16, 7], [16, 7]]);
});

Deno.test("the kernel's error is told, of an end of a dump too", () => {
  assert.equal(answered(message(2, 0, u32(-95))).error, -95);
  assert.equal(answered(message(3, 0, u32(-2))).error, -2);
  assert.equal(answered(message(3, 0)).error, 0);
  assert.equal(answered(message(2, 0)).error, -74, "an error without a number");
});

Deno.test("ask throws it as the kernel's own", () => {
  const { netlink } = open(fakeNetlink(() => "EOPNOTSUPP"));
  const request = netlink.request("RTM_NEWLINK(veth)", message(16, NLM_F_ACK));
  assert.throws(() => netlink.ask(request), (error) => error instanceof NetlinkError && error.code === "EOPNOTSUPP");
});

Deno.test("a dump ends with its end", () => {
  const { netlink } = open(fakeNetlink(() => [message(16, 0, u32(1))]));
  assert.equal(netlink.ask(netlink.request("RTM_GETLINK(dump)", message(18, NLM_F_DUMP))).length, 1);
});

Deno.test("answers to others are passed over, and silence is an error", () => {
  const other = message(2, 0, u32(-1));
  other[8] = 1; // nlmsg_seq
  assert.throws(() => answered(other), TimeoutError);
  assert.throws(() => answered(), TimeoutError);
});

Deno.test("a datagram larger than the room, and a refused call, are errors of the surroundings", () => {
  const isPlain = (error: unknown) => error instanceof SysError && !(error instanceof NetlinkError);
  assert.throws(() => answered(new Uint8Array(40_000)), isPlain);
  assert.throws(() => answered("ENOBUFS"), isPlain);
  for (const [sendto, wanted] of [["EACCES", /sendto\(.*EACCES/], [0, /sendto\(.*EMSGSIZE/]] as const) {
    const { netlink } = open({ socket: 2000, setsockopt: 0, sendto });
    assert.throws(() => netlink.ask(netlink.request("RTM_GETLINK()", message(18, NLM_F_ACK))), wanted);
  }
});

Deno.test("whatever a socket answers, the outcome is an answer or a known error", () => {
  fc.assert(fc.property(fc.array(bytes, { maxLength: 4 }), (datagrams) => {
    try {
      answered(...datagrams);
    } catch (error) {
      assert.ok(error instanceof SysError || error instanceof TimeoutError, String(error));
    }
  }));
});
