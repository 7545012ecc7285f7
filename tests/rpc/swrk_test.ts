/** `cready swrk FD`, beside the real `criu swrk FD` where both answer. */
import assert from "node:assert/strict";
import { BINARY, cready, publicCopy, run } from "../cli/binary.ts";
import { CRIU } from "./machine.ts";
import { PACKETS } from "./service.ts";
import { swrk } from "./swrk.ts";

const WORDS: readonly (readonly [words: string[], code: number, says: RegExp])[] = [
  [[], 2, /takes the number of a descriptor/],
  [["3", "4"], 2, /takes the number of a descriptor/],
  [["three"], 2, /three is no descriptor's number/],
  [["3x"], 2, /is no descriptor's number/],
  [["12345678"], 2, /is no descriptor's number/],
  [["--", "-1"], 2, /is no descriptor's number/],
  [["--criu"], 2, /requires an argument/],
  [["987654"], 1, /descriptor 987654 is not open/],
  [["0"], 1, /descriptor 0 is no socket/],
];
for (const [words, code, says] of WORDS) {
  Deno.test(`swrk ${words.join(" ")} is one sentence and ${code}`, async () => {
    const result = await cready(["swrk", ...words]);
    assert.deepEqual([result.code, result.stdout], [code, ""]);
    assert.match(result.stderr, /^Error \(cready\/swrk\): [^\n]+\n$/);
    assert.match(result.stderr, says);
  });
}

for (const [kind, family] of [["SOCK_STREAM", "AF_UNIX"], ["SOCK_DGRAM", "AF_UNIX"], ["SOCK_STREAM", "AF_INET"]]) {
  Deno.test(`swrk with a ${kind} socket of ${family} is one sentence and 1`, async () => {
    const script = "import os, socket, sys\n" +
      `s = socket.socket(socket.${family}, socket.${kind}); s.set_inheritable(True)\n` +
      "os.execv(sys.argv[1], [sys.argv[1], 'swrk', str(s.fileno())])";
    const { code, stderr } = await run(["python3", "-c", script, BINARY]);
    assert.equal(code, 1);
    assert.match(stderr, /^Error \(cready\/swrk\): descriptor \d+ is no SOCK_SEQPACKET socket of AF_UNIX\n$/);
  });
}

Deno.test("swrk: a client that leaves without a request is one sentence and 1", () => {
  const { answers, end, output } = swrk(BINARY, [], []);
  assert.deepEqual([answers.length, end], [0, "exit code 1"]);
  assert.equal(output, "Error (cready/swrk): it left without a request\n");
});

Deno.test("swrk: a packet that is no request is one sentence and 1", () => {
  const { answers, end, output } = swrk(BINARY, [], ["08"]);
  assert.deepEqual([answers.length, end], [0, "exit code 1"]);
  assert.equal(output, "Error (cready/swrk): a packet that is no request\n");
});

Deno.test("swrk: it answers without a word of its own and ends with 0", () => {
  for (const packet of [PACKETS.check, PACKETS.features, PACKETS.version, PACKETS.dump]) {
    const { answers, end, output } = swrk(BINARY, ["--criu", CRIU], [packet]);
    assert.deepEqual([answers.length, end, output], [1, "exit code 0", ""]);
  }
});

Deno.test("swrk: the version is that of the criu that is there, never cready's", () => {
  const real = swrk(CRIU, [], [PACKETS.version]).answers[0];
  assert(real?.success);
  for (const packet of [PACKETS.version, PACKETS.versionOfLibcriu]) {
    assert.deepEqual(swrk(BINARY, ["--criu", CRIU], [packet]).answers[0]?.version, real.version);
  }
  const without = swrk(BINARY, ["--criu", "/nowhere/criu"], [PACKETS.version]).answers[0];
  assert.equal(without?.success, false);
  assert.equal(without?.version, undefined);
  assert.match(without?.message ?? "", /^cready knows no criu version: .*ENOENT/);
});

/** Bytes that are sent one behind the other, on one connection. */
const CONVERSATIONS: readonly (readonly [what: string, packets: string[]])[] = [
  ["VERSION", [PACKETS.version]],
  ["VERSION with options, as libcriu sends it", [PACKETS.versionOfLibcriu]],
  ["VERSION three times, kept open", [PACKETS.versionKeptOpen, PACKETS.versionKeptOpen, PACKETS.version]],
  ["VERSION, then more that nobody reads", [PACKETS.version, PACKETS.version]],
  ["FEATURE_CHECK of all", [PACKETS.features]],
  ["FEATURE_CHECK of none", ["08 09 2a 00"]],
  ["FEATURE_CHECK of one", ["08 09 2a 02 08 01"]],
  ["FEATURE_CHECK of what is asked as false", ["08 09 2a 06 08 00 10 00 18 00"]],
  ["FEATURE_CHECK without features", ["08 09"]],
  ["FEATURE_CHECK kept open, then VERSION", [`${PACKETS.features} 20 01`, PACKETS.version]],
  ["CHECK", [PACKETS.check]],
  ["CHECK with options, as pycriu sends it", ["08 03 12 0b 08 ff ff ff ff ff ff ff ff ff 01"]],
  ["CHECK kept open", [PACKETS.checkKeptOpen]],
  ["DUMP kept open", ["08 01 12 02 08 00 20 01"]],
  ["WAIT_PID kept open", ["08 0b 20 01"]],
  ["a type that has no name", ["08 63"]],
  ["a type that has no name, kept open", ["08 63 20 01"]],
  ["EMPTY", ["08 00"]],
  ["NOTIFY", ["08 06 18 01"]],
  ["no type", ["20 01"]],
  ["options without anything in them", ["08 0a 12 00"]],
  ["features of the wrong type", ["08 09 28 01"]],
  ["a truncated packet", ["08 0a 12 05 08 00"]],
];
for (const [what, packets] of CONVERSATIONS) {
  Deno.test(`swrk: answers are of the type and success that criu's have, or there are none: ${what}`, () => {
    const shape = (program: string, words: string[]) =>
      swrk(program, words, packets).answers.map(({ type, success, features, version }) => ({
        type,
        success,
        ...(features ? { features: { ...features, $typeName: undefined } } : {}),
        ...(version ? { version } : {}),
      }));
    assert.deepEqual(shape(BINARY, ["--criu", CRIU]), shape(CRIU, []));
  });
}

Deno.test("swrk: what a check cannot answer is refused with 95 and a reason", () => {
  for (const type of ["01", "02", "04", "05", "07", "08", "0b", "0c", "0d"]) {
    const [answer] = swrk(BINARY, [], [`08 ${type} 12 02 08 00`]).answers;
    assert.deepEqual([answer?.type, answer?.success, answer?.errno], [parseInt(type, 16), false, 95]);
    assert.match(answer?.message ?? "", /^cready only checks: .* not [A-Z_]+; ask criu itself$/);
  }
});

Deno.test("swrk: a failing check is named with its reason, as `cready check` names it first", async () => {
  const nobody = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--bounding-set=-all",
    "--inh-caps=-all",
  ];
  const script = "import os, socket, subprocess, sys\n" +
    "a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n" +
    "p = subprocess.Popen([sys.argv[1], 'swrk', str(b.fileno())], pass_fds=[b.fileno()]); b.close()\n" +
    "a.send(bytes.fromhex('0803')); print(a.recv(9000).decode('latin-1')); sys.exit(p.wait())";
  const program = await publicCopy();
  const rpc = await run([...nobody, "python3", "-c", script, program]);
  assert.equal(rpc.code, 0, rpc.stderr);
  const check = await cready(["check"], { through: nobody, program });
  assert.equal(check.code, 1);
  const first = check.stderr.split("\n").find((line) => line.startsWith("Error (cready/"))!;
  const [, id, reason] = /^Error \(cready\/(\w+)\): (.*?)(; criu .*)?$/.exec(first)!;
  assert(rpc.stdout.includes(`${id}: ${reason}`), `${rpc.stdout} does not name ${first}`);
});
