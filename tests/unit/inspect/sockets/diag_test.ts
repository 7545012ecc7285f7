/** Answers of sock_diag, taken apart. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { attribute, cstring, u32 } from "../../../../ffi/netlink.ts";
import { addressText } from "../../../../inspect/sockets/address.ts";
import {
  inetQuestion,
  parseInet,
  parseNetlink,
  parsePacket,
  parseUnix,
  unixQuestion,
} from "../../../../inspect/sockets/diag.ts";
import { parseLink } from "../../../../inspect/sockets/links.ts";

const bytes = (...parts: ArrayLike<number>[]) => Uint8Array.from(parts.flatMap((part) => Array.from(part)));

Deno.test("a unix socket's name, peer, queue and waiting clients are read", () => {
  const body = bytes(
    [1, 5, 10, 0],
    u32(4711, 1, 2),
    attribute(0, cstring("/run/x.sock")),
    attribute(2, u32(4712)),
    attribute(3, u32(77, 0)),
    attribute(4, u32(2, 128)),
    attribute(6, [3]),
  );
  const found = parseUnix(body)!;
  assert.deepEqual({ ...found, name: new TextDecoder().decode(found.name!) }, {
    family: "UNIX",
    ino: 4711,
    type: 5,
    state: 10,
    peer: 4712,
    name: "/run/x.sock\0",
    icons: [77, 0],
    rqueue: 2,
    wqueue: 128,
    shutdown: 3,
  });
});

Deno.test("a unix socket without attributes has no name and no peer", () => {
  const found = parseUnix(bytes([1, 2, 7, 0], u32(9, 1, 2)))!;
  assert.equal(found.name, null);
  assert.equal(found.peer, 0);
  assert.deepEqual(found.icons, []);
});

function inet(version: 4 | 6, address: ArrayLike<number>, ...attributes: Uint8Array[]): Uint8Array {
  const size = version === 4 ? 16 : 16;
  const padded = Uint8Array.from({ length: size }, (_, i) => address[i] ?? 0);
  return bytes(
    [version === 4 ? 2 : 10, 1, 0, 0],
    [0x1f, 0x90, 0, 80], // ports 8080 and 80
    padded,
    padded,
    u32(3, 0, 0), // interface, cookie
    u32(0, 5, 6, 1000, 4711),
    ...attributes,
  );
}

Deno.test("an internet socket's addresses, ports, queue and state are read", () => {
  const found = parseInet(inet(4, [127, 0, 0, 1]), 4, 6)!;
  assert.equal(addressText(found.source, found.sourcePort), "127.0.0.1:8080");
  assert.equal(addressText(found.destination, found.destinationPort), "127.0.0.1:80");
  assert.deepEqual([found.ino, found.state, found.rqueue, found.interface], [4711, 1, 5, 3]);
  assert.equal(found.ulp, null);
  assert.equal(found.signed, false);
});

Deno.test("what runs on top of TCP, and its signatures, are read", () => {
  const found = parseInet(
    inet(4, [1, 2, 3, 4], attribute(19, attribute(1, cstring("tls"))), attribute(18, [1])),
    4,
    6,
  )!;
  assert.equal(found.ulp, "tls");
  assert.equal(found.signed, true);
});

Deno.test("addresses are written as people write them", () => {
  const v6 = (...groups: number[]) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
  assert.equal(addressText(v6(0, 0, 0, 0, 0, 0, 0, 1), 80), "[::1]:80");
  assert.equal(addressText(v6(0xfe80, 0, 0, 0, 0, 0, 0, 1), 80), "[fe80::1]:80");
  assert.equal(addressText(v6(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1), 1), "[2001:db8:0:1::1]:1");
  assert.equal(addressText(v6(1, 2, 3, 4, 5, 6, 7, 8), 1), "[1:2:3:4:5:6:7:8]:1");
  assert.equal(addressText(v6(0, 0, 0, 0, 0, 0xffff, 0x7f00, 1), 53), "127.0.0.1:53");
  assert.equal(addressText(v6(0, 0, 0, 0, 0, 0, 0, 0), 0), "[::]:0");
});

Deno.test("a packet socket's memberships are read", () => {
  const membership = (count: number, type: number) => bytes(u32(1, count), [type, 0, 6, 0], new Uint8Array(32));
  const found = parsePacket(bytes([17, 3, 0, 0], u32(8, 0, 0), attribute(1, membership(1, 1), membership(2, 0))))!;
  assert.deepEqual(found, { family: "PACKET", ino: 8, memberships: [{ count: 1, type: 1 }, { count: 2, type: 0 }] });
});

Deno.test("a netlink socket's port, groups and queue are read", () => {
  const body = bytes([16, 3, 0, 1], u32(99, 0, 0, 4711, 0, 0), attribute(0, u32(2304, 0)), attribute(1, u32(1, 0)));
  const found = parseNetlink(body)!;
  assert.deepEqual([found.ino, found.portid, found.queued, Array.from(found.groups!)], [4711, 99, 2304, [
    ...u32(1, 0),
  ]]);
});

Deno.test("a device's name, kind and state are read", () => {
  const link = bytes(
    [0, 0, 1, 0],
    u32(7, 1, 0),
    attribute(3, cstring("tap0")),
    attribute(18, attribute(1, cstring("tun")), attribute(2, attribute(6, [1]))),
  );
  assert.deepEqual(parseLink(link), {
    index: 7,
    type: 1,
    name: "tap0",
    up: true,
    kind: "tun",
    peerElsewhere: false,
    persistent: true,
  });
});

Deno.test("whatever comes, it is taken apart or passed over", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
    for (const parse of [parseUnix, parsePacket, parseNetlink, parseLink]) parse(body);
    parseInet(body, 4, 6);
    parseInet(body, 6, 17);
  }));
});

Deno.test("every request is a whole message of the length that it says", () => {
  for (const { message } of [unixQuestion(), inetQuestion(4, 6), inetQuestion(6, 17)]) {
    assert.equal(new DataView(message.buffer).getUint32(0, true), message.length);
  }
});
