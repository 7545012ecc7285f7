/** Whatever a client sends or does not do, it ends no more than its own connection. */
import assert from "node:assert/strict";
import { ask, fromHex, PACKETS, Peer, Service, sys } from "./service.ts";
import { PACKET_LIMIT, type Response } from "../../rpc/packet.ts";

const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;

/** A client that asks properly is answered, whatever went on before. */
async function assertAnswers(service: Service): Promise<void> {
  const response = await ask(service.path, PACKETS.dump);
  assert.deepEqual([response?.success, response?.errno], [false, 95]);
}

/** Nobody is connected any more: the last client was answered and its connection closed. */
async function assertClosed(service: Service): Promise<void> {
  using peer = await Peer.connect(service.path);
  peer.send(PACKETS.dump);
  assert.equal((await peer.answer())?.errno, 95);
  assert.equal(await peer.receive(), null);
}

const many = (byte: string, count: number) => byte.repeat(count);

/** Packets that CRIU's own library would not take for a request either: the connection is closed without an answer. */
const REFUSED: readonly (readonly [what: string, packet: string])[] = [
  ["an empty packet", ""],
  ["one byte", "08"],
  ["no type", "20 00"],
  ["a type that is an empty text", "0a 00"],
  ["keep_open as an empty text", "08 01 22 00"],
  ["options whose number goes on behind them", "08 01 12 01 08 20 00"],
  ["a number that does not end", "08 ff"],
  ["a number of eleven bytes", "08 ff ff ff ff ff ff ff ff ff ff 01"],
  ["a type that is text", "0a 05 43 48 45 43 4b"],
  ["a type of 64 bits", "09 03 00 00 00 00 00 00 00"],
  ["a type of 32 bits", "0d 03 00 00 00"],
  ["options that are a number", "08 03 10 07"],
  ["options longer than the packet", "08 03 12 7f 08 00"],
  ["features that are a number", "08 09 28 01"],
  ["features with text for a flag", "08 09 2a 04 0a 02 61 62"],
  ["features that end in the middle of a number", "08 09 2a 01 08"],
  ["keep_open as text", "08 0a 22 01 41"],
  ["field number 0", "08 03 00 01"],
  ["a wire type that does not exist", "08 03 0f 01"],
  ["a group that does not end", "08 03 3b 08 01"],
  ["a group that ends as another", "08 03 3b 44"],
  ["an end of a group that did not begin", "08 03 3c"],
  ["a thousand nested groups", `08 03 ${many("3b", 1000)}`],
  ["text", "47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a 0d 0a"],
  ["nothing but zeros", many("00", 4096)],
  ["nothing but ones", many("ff", 4096)],
  ["a check that is to be kept open, which CRIU drops", PACKETS.checkKeptOpen],
  ["a dump that is to be kept open", "08 01 12 02 08 00 20 01"],
  ["an unknown type that is to be kept open", "08 63 20 01"],
];

Deno.test("hostile: packets that are no requests end their own connection, and no other", async (test) => {
  await using service = await Service.start();
  using bystander = await Peer.connect(service.path);
  for (const [what, packet] of REFUSED) {
    await test.step(what, async () => {
      assert.equal(await ask(service.path, packet), null);
      await assertAnswers(service);
    });
  }
  bystander.send(PACKETS.dump);
  assert.equal((await bystander.answer())?.errno, 95);
  const told = () => service.log.filter(({ event }) => event === "dropped");
  await service.until("each is told of", () => told().length === REFUSED.length);
  assert(told().every(({ pid, message }) => pid === Deno.pid && typeof message === "string"));
});

/** Odd, yet requests: answered as if the odd part were not there. */
const TAKEN: readonly (readonly [what: string, packet: string, type: number])[] = [
  [
    "unknown fields of every wire type",
    "08 01 c8 01 07 c2 01 02 61 62 cd 01 00 00 00 00 c9 01 00 00 00 00 00 00 00 00",
    1,
  ],
  ["an unknown group", "08 01 3b 08 01 3c", 1],
  ["options without anything in them", "08 01 12 00", 1],
  ["fields that a newer CRIU may add to the options", "08 01 12 05 08 00 f8 3f 01", 1],
  ["the type twice: the last one counts", "08 03 08 01", 1],
  ["a number with more bytes than it needs", "08 81 80 80 80 00", 1],
  ["a type that has no name", "08 63", 0],
  ["a negative type", "08 ff ff ff ff ff ff ff ff ff 01", 0],
  ["type EMPTY", "08 00", 0],
  ["type NOTIFY", "08 06 18 01", 0],
];

Deno.test("hostile: odd requests are answered", async (test) => {
  await using service = await Service.start();
  for (const [what, packet, type] of TAKEN) {
    await test.step(what, async () => {
      const response = await ask(service.path, packet);
      assert.deepEqual([response?.type, response?.success, response?.errno], [type, false, 95]);
    });
  }
});

Deno.test("hostile: random bytes, and requests with a few bytes changed", async () => {
  await using service = await Service.start();
  // The same ones each time: a failure can be looked into.
  let state = 20160316;
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  const seeds = [PACKETS.dump, PACKETS.versionOfLibcriu.replace("0a", "01"), "08 01 2a 06 08 01 10 01 18 01"].map(
    fromHex,
  );
  for (let i = 0; i < 400; i++) {
    const packet = i % 2 === 0
      ? Uint8Array.from({ length: 1 + random(200) }, () => random(256))
      : seeds[i % seeds.length]!.slice();
    if (i % 2 === 1) { for (let n = 0; n <= random(3); n++) packet[random(packet.length)] = random(256); }
    using peer = await Peer.connect(service.path);
    assert(peer.send(packet));
    if (i % 10 === 0) await assertAnswers(service);
  }
  await assertAnswers(service);
});

Deno.test("hostile: a packet as large as the kernel lets through is not read", async () => {
  await using service = await Service.start();
  using peer = await Peer.connect(service.path);
  const MIB = 1 << 20;
  const mark = sys.memory.mark();
  const value = sys.memory.alloc(4);
  sys.memory.setI32(value, 64 * MIB);
  sys.try("setsockopt", peer.number, SOL_SOCKET, SO_SNDBUFFORCE, value, 4);
  sys.memory.release(mark);
  // 16 MiB of the zero page's like: no buffer of ours is as large, so it is mapped.
  const PROT_READ = 1, MAP_PRIVATE_ANONYMOUS = 0x22;
  const at = sys.call("mmap", 0, 16 * MIB, PROT_READ, MAP_PRIVATE_ANONYMOUS, -1, 0);
  let sent = -1, size = 16 * MIB;
  for (; sent < 0 && size > PACKET_LIMIT; size /= 2) sent = sys.try("sendto", peer.number, at, size, 0x4040, 0, 0);
  sys.call("munmap", at, 16 * MIB);
  assert(sent > PACKET_LIMIT, "the kernel let no large packet through");
  assert.equal(await peer.receive(), null);
  await assertAnswers(service);
  const said = `a packet of ${sent} bytes`;
  await service.until("it is told of", () => service.log.some(({ message }) => message === said));
});

Deno.test("hostile: a packet of just the limit is read, one byte more is not", async () => {
  await using service = await Service.start();
  const padded = (size: number) => {
    // An unknown field that fills the packet: tag 2, length 3 bytes.
    const packet = new Uint8Array(size);
    const length = size - 7;
    packet.set([0x08, 0x01, 0xc2, 0x01, (length & 0x7f) | 0x80, (length >> 7 & 0x7f) | 0x80, length >> 14]);
    return packet;
  };
  assert.equal((await ask(service.path, padded(PACKET_LIMIT)))?.errno, 95);
  assert.equal(await ask(service.path, padded(PACKET_LIMIT + 1)), null);
});

Deno.test("hostile: thousands of silent connections keep nobody from being answered", async () => {
  // Few descriptors: room for 192 clients, so that old ones must make room.
  await using service = await Service.start({ through: ["prlimit", "--nofile=256:256"] });
  const silent: Peer[] = [];
  try {
    for (let i = 0; i < 3000; i++) {
      silent.push(await Peer.connect(service.path));
      if (silent.length > 500) silent.shift()![Symbol.dispose]();
      if (i % 300 === 299) await assertAnswers(service);
    }
    await assertAnswers(service);
    assert(service.descriptors() < 256);
    // The one that was heard of last is not the one to go: it may ask a second time.
    using kept = await Peer.connect(service.path);
    kept.send(PACKETS.versionKeptOpen);
    assert.equal((await kept.answer())?.type, 10);
    for (let i = 0; i < 100; i++) silent.push(await Peer.connect(service.path));
    kept.send(PACKETS.dump);
    assert.equal((await kept.answer())?.errno, 95);
    const closed = "closed to make room for others";
    await service.until("it is told of", () => service.log.some(({ message }) => message === closed));
  } finally {
    for (const peer of silent) peer[Symbol.dispose]();
  }
  // Nobody is left: the socket, the log, and what the program has for itself.
  await assertAnswers(service);
  await service.until("all are closed", () => service.descriptors() < 40);
});

Deno.test("hostile: without a descriptor to be had it waits, and does not spin; with one again it answers", async () => {
  await using service = await Service.start();
  const ticks = () => {
    const fields = Deno.readTextFileSync(`/proc/${service.pid}/stat`).replace(/^.*\) /, "").split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  await assertAnswers(service);
  const [before] = /(?<=Max open files\s+)\d+/.exec(Deno.readTextFileSync(`/proc/${service.pid}/limits`))!;
  await assertClosed(service);
  await service.spare(0);
  using peer = await Peer.connect(service.path);
  assert(peer.send(PACKETS.dump));
  const used = ticks();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  // 150 ticks have gone by; a loop without a pause would have most of them.
  assert(ticks() - used < 75, `${ticks() - used} ticks`);
  await service.limit(Number(before));
  assert.equal((await peer.answer())?.errno, 95);
});

Deno.test("hostile: the last descriptor that there is serves one client after the other", async () => {
  await using service = await Service.start();
  await assertAnswers(service);
  await assertClosed(service);
  await service.spare(1);
  for (let i = 0; i < 20; i++) await assertAnswers(service);
  // A client that says nothing has it; the next one that comes is worth more.
  using silent = await Peer.connect(service.path);
  await assertAnswers(service);
  assert.equal(await silent.receive(), null);
});

Deno.test("hostile: peers that ask and never read are left waiting, others are answered", async () => {
  await using service = await Service.start();
  const deaf: Peer[] = [];
  try {
    for (let i = 0; i < 20; i++) {
      const peer = await Peer.connect(service.path);
      deaf.push(peer);
      // Until the server reads no more of it: its answers have no room.
      let full = 0;
      while (full < 20) {
        if (peer.send("08 0c 20 01")) full = 0;
        else {
          full++;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
      await assertAnswers(service);
    }
    // Reading sets it going again: every question gets its answer.
    const [first] = deaf;
    for (let i = 0; i < 50; i++) assert.equal((await first!.answer())?.errno, 95);
    first!.send("08 0c 20 01");
  } finally {
    for (const peer of deaf) peer[Symbol.dispose]();
  }
  await assertAnswers(service);
});

Deno.test("hostile: peers that leave at any moment", async () => {
  await using service = await Service.start();
  for (let i = 0; i < 500; i++) {
    using peer = await Peer.connect(service.path);
    if (i % 3 > 0) peer.send(i % 3 === 1 ? PACKETS.dump : "08 0c 20 01");
  }
  await assertAnswers(service);
  await service.until("all are closed", () => service.descriptors() < 40);
});

Deno.test("hostile: descriptors that are sent along stay with nobody", async () => {
  await using service = await Service.start();
  await assertAnswers(service);
  const before = service.descriptors();
  const script = "import array, socket, sys\n" +
    "for i in range(50):\n" +
    "  s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1])\n" +
    "  s.sendmsg([bytes.fromhex('0801')], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0, 1, 2]))])\n" +
    "  assert len(s.recv(9000)) > 10\n";
  const { success, stderr } = new Deno.Command("python3", { args: ["-c", script, service.path] }).outputSync();
  assert(success, new TextDecoder().decode(stderr));
  await service.until("none is left", () => service.descriptors() <= before);
});

Deno.test("hostile: memory stays as it is, however much was asked", async () => {
  await using service = await Service.start({ env: { PATH: "/nowhere" } });
  const packet = new Uint8Array(PACKET_LIMIT).fill(0xff);
  const round = async () => {
    for (let i = 0; i < 150; i++) {
      assert.equal(await ask(service.path, packet), null);
      await assertAnswers(service);
      assert.equal((await ask(service.path, PACKETS.version))?.success, false);
    }
    assert.equal((await ask(service.path, PACKETS.check))?.type, 3);
    assert.equal((await ask(service.path, PACKETS.features))?.success, true);
  };
  // The heap grows to its size first.
  for (let i = 0; i < 4; i++) await round();
  const before = service.memory();
  for (let i = 0; i < 16; i++) await round();
  // 2400 packets of 64 kB went through: 150 MB, if they were kept. The heap may still take some for itself.
  const grown = service.memory() - before;
  assert(grown < 64 * (1 << 20), `${grown} bytes more`);
});

Deno.test("hostile: a hundred at once that ask for a check are served by few runs of it", async () => {
  await using service = await Service.start();
  const peers = await Promise.all(Array.from({ length: 100 }, () => Peer.connect(service.path)));
  try {
    for (const peer of peers) assert(peer.send(PACKETS.check));
    const answers: (Response | null)[] = [];
    for (const peer of peers) answers.push(await peer.answer());
    assert(answers.every((one) => one?.success === answers[0]!.success));
  } finally {
    for (const peer of peers) peer[Symbol.dispose]();
  }
});
