import assert from "node:assert/strict";
import fc from "fast-check";
import { exitCode } from "../../../why/diagnosis.ts";
import { compareVersions, LogReader } from "../../../why/reader.ts";
import { bytes } from "./fill.ts";

const LOG = `(00.000051) Version: 4.2.1 (gitid 0)
(00.086454) Error (criu/util.c:1534): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted
(00.094697) Dumping opened files (pid: 13112)
(00.094707) 13112 fdinfo 7: pos:                0 flags:           100000/0
(00.094715) Dumping path for 7 fd via self 13 [/var/lib/a b]
(00.094745) 13112 fdinfo 8: pos:                0 flags:                2/0x1
(00.094759) sockets: Searching for socket 0x38e0b family 2
(00.094760) Error (criu/sk-inet.c:200): inet: Connected TCP socket, consider using --tcp-established option.
(00.094763) ----------------------------------------
(00.094770) Error (criu/cr-dump.c:1545): Dump files (pid: 13112) failed with -1
(00.094945) Error (criu/cr-dump.c:1975): Dumping FAILED.
`;

function diagnose(...parts: readonly (string | Uint8Array)[]) {
  const reader = new LogReader();
  for (const part of parts) reader.push(typeof part === "string" ? bytes(part) : part);
  return reader.end();
}

Deno.test("a cause names task and descriptor, and what follows from it is counted", () => {
  const { causes, followUps, unknown, criu, stage, ...rest } = diagnose(LOG);
  assert.deepEqual(causes.map(({ id, subject, line, times }) => ({ id, subject, line, times })), [
    { id: "tcp-connected", subject: "13112 fd 8", line: 8, times: 1 },
  ]);
  assert.deepEqual([followUps, unknown, criu, stage], [2, [], "4.2.1", "DUMP"]);
  assert.equal(exitCode({ causes, followUps, unknown, criu, stage, ...rest }), 0);
});

Deno.test("however a log is cut into parts, it tells the same", () => {
  const whole = diagnose(LOG);
  const all = bytes(LOG);
  fc.assert(fc.property(fc.array(fc.nat({ max: all.length })), (cuts) => {
    const at = [0, ...cuts.toSorted((a, b) => a - b), all.length];
    assert.deepEqual(diagnose(...at.slice(1).map((end, i) => all.subarray(at[i], end))), whole);
  }));
});

Deno.test("any bytes are read without a fault", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 2000 })), (parts) => {
    const told = diagnose(...parts);
    assert.equal(told.causes.length + told.unknown.length, 0);
  }));
});

Deno.test("any text behind criu's mark is a cause or said to be unknown, whatever it is", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
    const [line] = text.split(/[\n\r]/);
    if (!line?.trim()) return;
    const told = diagnose(`(00.000001) Error (criu/x.c:1): ${line}\n`);
    assert.equal(told.causes.length + told.unknown.length + told.followUps, 1);
  }));
});

Deno.test("a log of nothing but different errors is kept within bounds and counted", () => {
  const lines = Array.from({ length: 5000 }, (_, i) => `(00.000001) Error (criu/x.c:1): never seen ${i}\n`);
  const { unknown, left } = diagnose(lines.join(""));
  assert.equal(unknown.length + left, 5000);
  assert.ok(unknown.length <= 200);
});

Deno.test("a line without end is looked at in pieces", () => {
  const reader = new LogReader();
  const part = bytes("x".repeat(100_000));
  for (let i = 0; i < 100; i++) reader.push(part);
  reader.push(bytes(`\n${LOG}`));
  assert.deepEqual(reader.end().causes.map(({ id }) => id), ["tcp-connected"]);
});

Deno.test("there is no error where criu says that it has succeeded, and none in nothing", () => {
  const error = "(00.1) Error (criu/x.c:1): something\n";
  const good = diagnose(`${error}(00.9) Dumping finished successfully\n`);
  assert.equal(good.succeeded, true);
  assert.equal(exitCode(good), 4);
  assert.equal(exitCode(diagnose(`${error}(00.9) Restore finished successfully. Tasks resumed.\n`)), 4);
  assert.equal(exitCode(diagnose("")), 4);
  assert.equal(exitCode(diagnose(error)), 1);
});

Deno.test("a failure without a reason is not taken for a known one", () => {
  const told = diagnose("(00.1) Error (criu/cr-dump.c:2128): Dumping FAILED.\n");
  assert.equal(exitCode(told), 1);
  assert.deepEqual(told.causes, []);
});

Deno.test("a log that ends in the middle is said to do so, with what criu was at", () => {
  const told = diagnose(LOG.split("\n").slice(2, 7).join("\n"));
  assert.deepEqual([told.cut, told.busyWith, exitCode(told)], [true, "13112 fd 8", 1]);
  assert.deepEqual([diagnose(LOG).cut, diagnose(LOG).busyWith], [false, null]);
});

Deno.test("a missing option goes into the file that criu says it reads, whatever the engine's usual one is", () => {
  const { causes } = diagnose(`(00.000118) Would overwrite RPC settings with values from /etc/criu/own.conf\n${LOG}`);
  assert.equal(causes[0]?.placement?.file, "/etc/criu/own.conf");
});

Deno.test("where a log lies tells the engine", () => {
  const reader = new LogReader(undefined, "/var/lib/containers/storage/overlay-containers/a1/userdata/dump.log");
  reader.push(bytes(LOG));
  assert.equal(reader.end().engine, "PODMAN");
});

/** A descriptor that criu does not dump, by what the line tells of it. */
const UNSUPPORTED: readonly (readonly [what: string, id: string])[] = [
  ["[600] (anon anon_inode:[io_uring])", "fd-io-uring"],
  ["[600] (anon anon_inode:[perf_event])", "fd-perf"],
  ["[600] (anon anon_inode:[userfaultfd])", "fd-userfaultfd"],
  ["[600] (anon anon_inode:seccomp notify)", "fd-seccomp-notify"],
  ["[600] (anon anon_inode:kvm-vcpu:3)", "fd-kvm"],
  ["[600] (anon anon_inode:bpf-prog)", "fd-bpf-prog"],
  ["[600] (anon anon_inode:[pidfd])", "fd-pidfd-old"],
  ["[600] (anon anon_inode:[landlock-ruleset])", "fd-anon-other"],
  ["[20600] (chr 10:229)", "dev-fuse-server"],
  ["[20600] (chr 10:232)", "fd-kvm"],
  ["[20600] (chr 4:64)", "tty-uart"],
  ["[20600] (chr 2:0)", "tty-bsd-pty"],
  ["[20600] (chr 226:128)", "dev-drm-other"],
  ["[20600] (chr 195:0)", "dev-cuda-no-plugin"],
  ["[20600] (chr 116:33)", "dev-unsupported-chr"],
  ["[60600] (unknown /dev/sda)", "fd-blockdev"],
  ["[100600] (unknown /dmabuf:)", "fd-dmabuf"],
];

for (const [what, id] of UNSUPPORTED) {
  Deno.test(`of the rules with one message, ${what} is ${id}`, () => {
    const { causes } = diagnose(`(00.1) Error (criu/files-ext.c:94): Can't dump file 5 of that type ${what}\n`);
    assert.deepEqual(causes.map((cause) => cause.id), [id]);
  });
}

Deno.test("an older criu's rules are told for an older criu's log", () => {
  const line = "(00.1) Error (criu/proc_parse.c:1): Unsupported mapping found 00007fff-00008fff\n";
  const first = (version: string) => diagnose(`(00.0) Version: ${version}\n${line}`).causes[0];
  assert.equal(first("4.2")?.id, "mem-pfnmap");
  assert.ok(first("4.1.1")?.also.includes("mem-uprobes-old"));
});

Deno.test("versions are compared by number", () => {
  assert.ok(compareVersions("4.10", "4.2") > 0);
  assert.ok(compareVersions("4.1.1", "4.2") < 0);
  assert.equal(compareVersions("4.2", "4.2.0"), 0);
});
