/** What is said of unix sockets, by the lists that the kernel could give. */
import assert from "node:assert/strict";
import { Memory } from "../../../../ffi/memory.ts";
import type { Sys } from "../../../../ffi/sys.ts";
import { UnixJudge } from "../../../../inspect/judges/sockets/unix.ts";
import type { TreeSocket } from "../../../../inspect/judges/sockets.ts";
import { PLAIN_PLAN } from "../../../../inspect/plan.ts";
import type { Report, Sighting } from "../../../../inspect/report.ts";
import type { UnixSocket } from "../../../../inspect/sockets/diag.ts";
import type { SocketTable } from "../../../../inspect/sockets/table.ts";
import type { Tree } from "../../../../inspect/tree.ts";

const STREAM = 1, DGRAM = 2;
const ESTABLISHED = 1, CLOSE = 7, LISTEN = 10;

const unix = (ino: number, more: Partial<UnixSocket> = {}): UnixSocket => ({
  family: "UNIX",
  ino,
  type: STREAM,
  state: ESTABLISHED,
  peer: 0,
  name: null,
  icons: [],
  rqueue: 0,
  wqueue: 0,
  shutdown: 0,
  ...more,
});

const name = (text: string) => new TextEncoder().encode(text);

/** The calls of a machine whose sockets all have SO_PASSCRED set, or no option at all. */
function asking(credentials: boolean): Sys {
  const memory = new Memory(0x1000, new ArrayBuffer(4096));
  const answers: Readonly<Record<string, number>> = { pidfd_open: 50, pidfd_getfd: 51 };
  const call = (name: string, ...args: number[]) => {
    if (name === "getsockopt") memory.setU32(args[3]!, credentials ? 1 : 0);
    return answers[name] ?? 0;
  };
  const small = (name: string) => (...args: number[]) => call(name, ...args);
  return { memory, try: call, small } as unknown as Sys;
}

/** Judges the sockets `inside` of a machine that has `all`; gives rule, stage and message of what is said. */
function judged(
  all: readonly UnixSocket[],
  inside: readonly number[],
  options: readonly string[] = [],
  credentials = false,
) {
  const said: Sighting[] = [];
  const report = {
    add: (seen: Sighting) => said.push(seen),
    unknown: (rule: string) => said.push({ rule } as Sighting),
    assume: () => {},
  } as unknown as Report;
  const table = {
    find: (ino: number) => all.find((one) => one.ino === ino),
    unix: (ino: number) => all.find((one) => one.ino === ino),
    listenerOf: (ino: number) => all.find(({ icons }) => icons.includes(ino)),
  } as unknown as SocketTable;
  const plan = {
    ...PLAIN_PLAN,
    options: options.map((option) => ({ name: option, value: null, from: "command line" })),
  };
  const tree = { around: { plan, sys: asking(credentials) } } as unknown as Tree;
  const sockets = inside.map((ino, fd) => ({
    ino,
    file: { fd, task: { pid: 1, dir: { text: () => "" } }, info: "" },
    options: { domain: 1 },
  })) as unknown as TreeSocket[];
  const judge = new UnixJudge(tree, report, table, sockets);
  for (const socket of sockets) judge.judge(socket);
  judge.external();
  return said.map(({ rule, stage, message, options: needed, values }) => ({ rule, stage, message, needed, values }));
}

const rules = (...given: Parameters<typeof judged>) => judged(...given).map(({ rule }) => rule);

Deno.test("a pair with both ends inside is no obstacle", () => {
  assert.deepEqual(rules([unix(1, { peer: 2 }), unix(2, { peer: 1 })], [1, 2]), []);
});

Deno.test("a stream to the outside needs its own inode named", () => {
  const [dump, restore] = judged([unix(1, { peer: 2 }), unix(2, { peer: 1 })], [1]);
  assert.equal(dump!.rule, "unix-ext-stream");
  assert.deepEqual(dump!.needed, ["--external unix[1]"]);
  assert.equal(dump!.message, "External socket");
  assert.equal(restore!.stage, "RESTORE");
});

Deno.test("with --ext-unix-sk a stream is refused by another message", () => {
  const [dump] = judged([unix(1, { peer: 2 }), unix(2, { peer: 1, name: name("\0x") })], [1], ["ext-unix-sk"]);
  assert.equal(dump!.message, "Can't dump half");
  assert.deepEqual(dump!.values, ["(null)", ""]);
});

Deno.test("a datagram socket that sends to a named one outside needs --ext-unix-sk", () => {
  const all = [unix(1, { type: DGRAM, peer: 2 }), unix(2, { type: DGRAM, state: CLOSE, name: name("/dev/log\0") })];
  assert.deepEqual(judged(all, [1])[0]!.needed, ["--ext-unix-sk", "--external unix[1]"]);
  assert.deepEqual(judged(all, [1], ["ext-unix-sk"]).map(({ stage }) => stage), ["RESTORE"]);
});

Deno.test("a datagram pair with an end outside is no name's", () => {
  const all = [unix(1, { type: DGRAM, peer: 2 }), unix(2, { type: DGRAM, peer: 1 })];
  assert.equal(rules(all, [1])[0], "unix-ext-dgram-unnamed");
});

Deno.test("one that is connected to a nameless one that does not point back is refused", () => {
  const all = [unix(1, { type: DGRAM, peer: 2 }), unix(2, { type: DGRAM, peer: 3 }), unix(3, { peer: 2 })];
  const [first] = judged(all, [1, 2, 3]);
  assert.equal(first!.rule, "unix-peer-unreachable");
  assert.deepEqual(first!.values, [1, 2, 3]);
});

Deno.test("a peer that no namespace lists is refused", () => {
  assert.deepEqual(rules([unix(1, { peer: 5 })], [1]), ["unix-peer-missing"]);
});

Deno.test("one that nobody lists is of another namespace", () => {
  assert.deepEqual(rules([], [1]), ["sock-foreign-netns"]);
});

Deno.test("a closed end is dumped, a dangling one is not", () => {
  assert.deepEqual(rules([unix(1, { shutdown: 3 })], [1]), []);
  assert.deepEqual(rules([unix(1, { shutdown: 1 })], [1]), ["unix-dangling"]);
});

Deno.test("a client that waits inside is dumped, with data it is not, and not where the listener is outside", () => {
  const listener = unix(7, { state: LISTEN, icons: [1], name: name("/x\0"), rqueue: 1 });
  assert.deepEqual(rules([listener, unix(1)], [7, 1]), []);
  assert.deepEqual(rules([listener, unix(1, { wqueue: 4 })], [7, 1]), ["unix-inflight-data"]);
  assert.deepEqual(rules([listener, unix(1)], [1]), ["unix-inflight-outside"]);
});

Deno.test("a client that was closed before it was accepted is refused", () => {
  assert.deepEqual(rules([unix(7, { state: LISTEN, icons: [0], rqueue: 1 })], [7]), ["unix-inflight-closed"]);
});

Deno.test("data that comes with credentials is refused", () => {
  const waiting = unix(1, { rqueue: 1, shutdown: 3 });
  assert.deepEqual(rules([waiting], [1], [], true), ["unix-queue-creds"]);
  assert.deepEqual(rules([waiting], [1], [], false), []);
  assert.deepEqual(rules([unix(1, { shutdown: 3 })], [1], [], true), []);
});
