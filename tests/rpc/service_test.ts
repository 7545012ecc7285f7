/** The service's socket: its file from the first moment to the last, who may use it, who is told of. */
import assert from "node:assert/strict";
import { SysError } from "../../ffi/errno.ts";
import type { Response } from "../../rpc/packet.ts";
import { BINARY, cready, eventually, redirected, run, spawn } from "../cli/binary.ts";
import { ask, PACKETS, Peer, Service } from "./service.ts";

const mode = (path: string) => (Deno.lstatSync(path).mode! & 0o777).toString(8);
const exists = (path: string) => {
  try {
    return Deno.lstatSync(path) !== undefined;
  } catch {
    return false;
  }
};

function folder(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "cready-rpc-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  Deno.test(`service: ${signal} ends it with 0, and its socket goes with it`, async () => {
    await using service = await Service.start();
    assert(Deno.lstatSync(service.path).isSocket);
    using silent = await Peer.connect(service.path);
    assert.equal((await ask(service.path, PACKETS.dump))?.errno, 95);
    assert.equal(await service.end(signal), 0);
    assert(!exists(service.path), "the socket's file is left behind");
    assert.equal(await silent.receive(), null);
    assert.deepEqual(service.log.at(-1)?.signal, signal);
  });
}

Deno.test("service: the socket's file is its user's alone, or what --mode says", async () => {
  await using own = await Service.start();
  assert.equal(mode(own.path), "600");
  await using all = await Service.start({
    words: ["--mode", "0666"],
    through: ["sh", "-c", 'umask 077; exec "$0" "$@"'],
  });
  assert.equal(mode(all.path), "666");
});

Deno.test("service: the folder of the socket is made, one level deep", async () => {
  using parent = folder();
  await using service = await Service.start({ path: `${parent.path}/cready/criu.sock` });
  assert.equal(mode(`${parent.path}/cready`), "755");
  assert.equal((await ask(service.path, PACKETS.dump))?.errno, 95);
  const deeper = await cready(["service", "--address", `${parent.path}/a/b/criu.sock`]);
  assert.equal(deeper.code, 1);
  assert.match(deeper.stderr, /^Error \(cready\/service\): Cannot listen at \S+: mkdir\(\): ENOENT\n$/);
});

Deno.test("service: a socket that nobody listens on any more is replaced", async () => {
  await using killed = await Service.start();
  await killed.end("SIGKILL");
  assert(exists(killed.path), "a killed one cannot clean up");
  await using service = await Service.start({ path: killed.path });
  assert.equal((await ask(service.path, PACKETS.dump))?.errno, 95);
  assert.equal(mode(service.path), "600");
  assert.equal(await service.end(), 0);
  assert(!exists(service.path));
});

Deno.test("service: a socket that somebody listens on is left alone", async () => {
  await using service = await Service.start();
  const second = await cready(["service", "--address", service.path]);
  assert.deepEqual(
    [second.code, second.stderr],
    [1, `Error (cready/service): Cannot listen at ${service.path}: another program listens there already\n`],
  );
  assert.equal((await ask(service.path, PACKETS.dump))?.errno, 95);
});

Deno.test("service: of many that start at once on a stale socket, one listens", async () => {
  await using killed = await Service.start();
  await killed.end("SIGKILL");
  const starts = await Promise.allSettled(Array.from({ length: 6 }, () => Service.start({ path: killed.path })));
  const listening = starts.flatMap((start) => start.status === "fulfilled" ? [start.value] : []);
  try {
    assert.equal(listening.length, 1);
    assert.equal((await ask(killed.path, PACKETS.dump))?.errno, 95);
    assert.equal(await listening[0]!.end(), 0);
    assert(!exists(killed.path));
  } finally {
    for (const service of listening) await service[Symbol.asyncDispose]();
  }
});

Deno.test("service: whoever put another file in its place keeps it", async () => {
  await using service = await Service.start();
  Deno.removeSync(service.path);
  Deno.writeTextFileSync(service.path, "mine");
  assert.equal(await service.end(), 0);
  assert.equal(Deno.readTextFileSync(service.path), "mine");
});

Deno.test("service: a signal ends it in order from the moment on at which there is a socket", async () => {
  for (let i = 0; i < 20; i++) {
    using place = folder();
    const path = `${place.path}/criu.sock`;
    const child = spawn([BINARY, "service", "--address", path], crypto.randomUUID());
    await eventually("there is a socket", () => exists(path));
    child.kill("SIGTERM");
    const { code } = await child.output();
    assert.deepEqual([code, exists(path)], [0, false]);
  }
});

const PLACES: readonly [what: string, make: (path: string) => void, says: RegExp][] = [
  ["a file", (path) => Deno.writeTextFileSync(path, "kept"), /is no socket; it is left alone/],
  ["a folder", (path) => Deno.mkdirSync(path), /is no socket; it is left alone/],
  ["a symbolic link", (path) => Deno.symlinkSync("/dev/null", path), /is no socket; it is left alone/],
];
for (const [what, make, says] of PLACES) {
  Deno.test(`service: ${what} where the socket should be is left alone`, async () => {
    using place = folder();
    const path = `${place.path}/criu.sock`;
    make(path);
    const before = Deno.lstatSync(path);
    const { code, stderr } = await cready(["service", "--address", path]);
    assert.equal(code, 1);
    assert.match(stderr, says);
    assert.equal(Deno.lstatSync(path).ino, before.ino);
  });
}

Deno.test("service: a path that is too long is one sentence", async () => {
  const { code, stderr } = await cready(["service", "--address", `/tmp/${"x".repeat(110)}`]);
  assert.equal(code, 1);
  assert.match(stderr, /a socket's path has at most 107 bytes, this one has more\n$/);
});

for (
  const words of [["--mode", "0999"], ["--mode", "rw"], ["--address", ""], ["extra"], ["--no-such"], ["--mode"]]
) {
  Deno.test(`service ${words.join(" ")} is asked wrongly`, async () => {
    const { code, stdout, stderr } = await cready(["service", ...words]);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^Error \(cready\/service\): [^\n]+\n$/);
  });
}

Deno.test("service: each request is one line of JSON that names the peer as the kernel does", async () => {
  await using service = await Service.start({ words: ["--mode", "0666"] });
  await ask(service.path, PACKETS.dump);
  const other = await run([
    "setpriv",
    "--reuid=65534",
    "--regid=65533",
    "--clear-groups",
    "python3",
    "-c",
    "import os, socket, sys\ns = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\ns.connect(sys.argv[1])\n" +
    "s.send(bytes.fromhex('0801')); s.recv(9000); print(os.getpid())",
    service.path,
  ]);
  assert.equal(other.code, 0, other.stderr);
  await service.until("both are told of", () => service.log.length >= 3);
  const [, own, foreign] = service.log;
  assert.deepEqual([own!.pid, own!.uid, own!.gid, own!.request], [Deno.pid, Deno.uid(), Deno.gid(), "DUMP"]);
  assert.deepEqual([foreign!.pid, foreign!.uid, foreign!.gid], [Number(other.stdout), 65534, 65533]);
  assert.equal(foreign!.success, false);
});

Deno.test("service: a user without the right to connect cannot", async () => {
  await using service = await Service.start();
  const script = "import socket, sys\nsocket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(sys.argv[1])";
  const { code, stderr } = await run(
    ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "python3", "-c", script, service.path],
  );
  assert.equal(code, 1);
  assert.match(stderr, /PermissionError/);
});

Deno.test("service: a log that cannot be written ends nothing", async () => {
  using place = folder();
  const path = `${place.path}/criu.sock`;
  const child = spawn([...redirected("2>/dev/full"), BINARY, "service", "--address", path], crypto.randomUUID());
  try {
    // The file is there a moment before it is listened on.
    await eventually("it answers", () => exists(path));
    let response: Response | null = null;
    while (response === null) {
      response = await ask(path, PACKETS.dump).catch((error) => {
        if (error instanceof SysError && error.code === "ECONNREFUSED") return null;
        throw error;
      });
    }
    assert.equal(response.errno, 95);
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0);
  } finally {
    await child.stdout.cancel();
    await child.stderr.cancel();
    if (exists(path)) child.kill("SIGKILL");
  }
});
