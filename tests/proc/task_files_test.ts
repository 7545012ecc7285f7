import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeBytes, encodeBytes } from "../../ffi/bytes.ts";
import { auxvWordSize } from "../../proc/auxv.ts";
import { parseCgroup } from "../../proc/cgroup.ts";
import { parseChildren } from "../../proc/children.ts";
import { ProcParseError } from "../../proc/error.ts";
import { ioprioText } from "../../proc/ioprio.ts";
import { parseMaps } from "../../proc/maps.ts";
import { parseMountinfo, unmangle } from "../../proc/mountinfo.ts";
import { parseNsLink } from "../../proc/ns.ts";
import { parseVmFlags } from "../../proc/smaps.ts";
import { parseSysvipc } from "../../proc/sysvipc.ts";
import { parseTaskStat, PF_KTHREAD } from "../../proc/task_stat.ts";
import { parseTaskStatus } from "../../proc/task_status.ts";
import { parseTimers } from "../../proc/timers.ts";
import { mapsInside, parseIdMap } from "../../proc/uid_map.ts";

const folder = new URL("../testdata/proc/", import.meta.url);
const bytes = (path: string) => Deno.readFileSync(new URL(path, folder));
const text = (path: string) => decodeBytes(bytes(path));

Deno.test("parseTaskStatus reads a name with a newline, threads and ids of a recorded process", () => {
  const status = parseTaskStatus(text("threads/status"));
  assert.equal(status.name, "a) R 1 (\\n\\\\x");
  assert.equal(status.threads, 2);
  assert.deepEqual(status.uids, [0, 0, 0, 0]);
  assert.equal(status.nsPids.length, 1);
  assert.equal(status.tgid, status.pid);
  assert.equal(status.kthread, false);
  assert.deepEqual(status.groups, []);
});

Deno.test("parseTaskStatus reads what a kernel thread, a zombie and another namespace have", () => {
  assert.equal(parseTaskStatus(text("kernel_thread/status")).kthread, true);
  assert.equal(parseTaskStatus(text("zombie/status")).state, "Z");
  const inside = parseTaskStatus(text("namespaces/status"));
  assert.equal(inside.nsPids.at(-1), 1);
  assert.equal(inside.nsPids[0], inside.pid);
});

Deno.test("parseTaskStatus takes no line of the name for one of the kernel's", () => {
  const faked = text("zombie/status").replace(/^Name:.*$/m, "Name:\tTracerPid:\t7");
  assert.equal(parseTaskStatus(faked).tracer, 0);
});

for (
  const [what, broken] of [
    ["no state", text("zombie/status").replace(/^State:.*\n/m, "")],
    ["a pid that is no number", text("zombie/status").replace(/^Pid:.*$/m, "Pid:\tx")],
    ["three uids", text("zombie/status").replace(/^Uid:.*$/m, "Uid:\t0\t0\t0")],
    ["nothing", ""],
  ] as const
) {
  Deno.test(`parseTaskStatus refuses a file with ${what}`, () => {
    assert.throws(() => parseTaskStatus(broken), ProcParseError);
  });
}

Deno.test("parseTaskStat finds the fields behind a hostile name", () => {
  const stat = parseTaskStat(text("threads/stat"));
  assert.equal(stat.comm, "a) R 1 (\n\\x");
  assert.equal(stat.threads, 2);
  assert.equal(stat.session, stat.pid);
  assert.match(stat.start, /^\d+$/);
  assert.equal(stat.flags & PF_KTHREAD, 0);
  assert.notEqual(parseTaskStat(text("kernel_thread/stat")).flags & PF_KTHREAD, 0);
  assert.equal(parseTaskStat(text("zombie/stat")).state, "Z");
});

Deno.test("parseTaskStat refuses a line that is cut off or has words for numbers", () => {
  const line = text("threads/stat");
  assert.throws(() => parseTaskStat(line.slice(0, 60)), ProcParseError);
  assert.throws(() => parseTaskStat(line.replace(/\) ([A-Z]) \d+ (?!.*\))/s, ") $1 x ")), ProcParseError);
});

Deno.test("parseChildren reads pids, none, and no nonsense", () => {
  assert.deepEqual(parseChildren("7 12 4194303 "), [7, 12, 4194303]);
  assert.deepEqual(parseChildren(""), []);
  assert.throws(() => parseChildren("7 x"), ProcParseError);
});

Deno.test("parseNsLink reads the inode", () => {
  assert.equal(parseNsLink("net:[4026531840]"), 4026531840);
  for (const link of ["", "net:[]", "net", "net:[12x]"]) assert.throws(() => parseNsLink(link), ProcParseError);
});

Deno.test("parseCgroup reads hierarchies, named ones and a path with colons", () => {
  const lines = parseCgroup(text("threads/cgroup"));
  assert(lines.some(({ hierarchy, controllers }) => hierarchy === 0 && controllers === ""));
  assert.deepEqual(parseCgroup("1:name=systemd:/a:b c\n"), [{
    hierarchy: 1,
    controllers: "name=systemd",
    path: "/a:b c",
  }]);
  assert.throws(() => parseCgroup("nonsense\n"), ProcParseError);
});

Deno.test("parseMountinfo reads every line of a recorded file", () => {
  for (const name of ["threads", "namespaces"]) {
    const file = text(`${name}/mountinfo`);
    const mounts = parseMountinfo(file);
    assert.equal(mounts.length, file.trimEnd().split("\n").length);
    assert(mounts.some(({ point, root }) => point === "/" && root === "/"));
  }
});

Deno.test("parseMountinfo undoes escapes, and reads propagation and several optional fields", () => {
  const line =
    "36 35 98:0 /a\\040b /mnt\\134x\\012y rw,noatime master:1 shared:7 propagate_from:2 - fuse.sshfs u@h:/\\011 rw,x=\\040y";
  const [mount] = parseMountinfo(line);
  assert.deepEqual(mount, {
    id: 36,
    parent: 35,
    major: 98,
    minor: 0,
    root: "/a b",
    point: "/mnt\\x\ny",
    options: ["rw", "noatime"],
    tags: ["master:1", "shared:7", "propagate_from:2"],
    shared: 7,
    master: 1,
    type: "fuse.sshfs",
    source: "u@h:/\t",
    superOptions: "rw,x= y",
  });
  assert.throws(() => parseMountinfo("36 35 98:0 /a /b rw"), ProcParseError);
});

Deno.test("parseTimers reads the timer of a thread", () => {
  const [timer, ...more] = parseTimers(text("threads/timers"));
  assert.deepEqual(more, []);
  assert.equal(timer?.signal, 10);
  assert.equal(timer?.notify, "signal");
  assert.equal(timer?.kind, "pid");
  assert.throws(() => parseTimers("ID: 0\n"), ProcParseError);
});

Deno.test("parseIdMap and mapsInside know whether root is in a map", () => {
  const map = parseIdMap(text("namespaces/uid_map"));
  assert.deepEqual(map, [{ inside: 0, outside: 0, count: 1 }]);
  assert.equal(mapsInside(map, 0), true);
  assert.equal(mapsInside(map, 1), false);
  assert.deepEqual(parseIdMap(""), []);
  assert.throws(() => parseIdMap("0 0\n"), ProcParseError);
});

Deno.test("auxvWordSize tells 64-bit from 32-bit programs, and nothing of none", () => {
  assert.equal(auxvWordSize(bytes("threads/auxv")), 8);
  const words = new Uint32Array([32, 0xf7f00000, 33, 0xf7f00000, 16, 0xbfebfbff, 6, 4096, 0, 0]);
  assert.equal(auxvWordSize(new Uint8Array(words.buffer)), 4);
  assert.equal(auxvWordSize(new Uint8Array()), null);
  assert.equal(auxvWordSize(new Uint8Array(64).fill(0xff)), null);
});

Deno.test("parseVmFlags reads the flags of every mapping of a recorded file, also of one that is cut off", () => {
  const smaps = text("threads/smaps");
  const whole = parseVmFlags(smaps);
  const starts = new Set(parseMaps(text("threads/maps")).map(({ start }) => start));
  assert(whole.size > 5);
  for (const [start, flags] of whole) {
    assert(starts.has(start));
    assert(flags.every((flag) => /^[a-z0-9]{2}$/.test(flag)));
  }
  fc.assert(fc.property(fc.nat(smaps.length), (end) => {
    for (const [start, flags] of parseVmFlags(smaps.slice(0, end))) assert.deepEqual(flags, whole.get(start));
  }));
});

Deno.test("parseSysvipc names the columns", () => {
  const rows = parseSysvipc("       key      semid perms\n         0         17   600\n");
  assert.deepEqual(rows, [{ key: "0", semid: "17", perms: "600" }]);
  assert.deepEqual(parseSysvipc(""), []);
});

Deno.test("ioprioText names the class, and nothing for none", () => {
  assert.equal(ioprioText(0), null);
  assert.equal(ioprioText(1 << 13 | 3), "real time 3");
  assert.equal(ioprioText(3 << 13), "idle 0");
});

Deno.test("decodeBytes loses nothing of any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (some) => {
    assert.deepEqual(encodeBytes(decodeBytes(some)), some);
  }));
  fc.assert(fc.property(fc.string(), (some) => {
    assert.equal(decodeBytes(new TextEncoder().encode(some)), some.toWellFormed());
  }));
});

Deno.test("unmangle undoes what the kernel writes for any name", () => {
  const mangle = (name: string) =>
    name.replace(/[ \t\n\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }).map(decodeBytes), (name) => {
      assert.equal(unmangle(mangle(name)), name);
    }),
    { numRuns: 50 },
  );
});

const PARSERS: readonly (readonly [name: string, parse: (text: string) => unknown])[] = [
  ["parseTaskStatus", parseTaskStatus],
  ["parseTaskStat", parseTaskStat],
  ["parseChildren", parseChildren],
  ["parseNsLink", parseNsLink],
  ["parseCgroup", parseCgroup],
  ["parseMountinfo", parseMountinfo],
  ["parseTimers", parseTimers],
  ["parseIdMap", parseIdMap],
  ["parseVmFlags", parseVmFlags],
  ["parseSysvipc", parseSysvipc],
  ["parseMaps", parseMaps],
];
const FILES = [
  "threads/status",
  "threads/stat",
  "threads/mountinfo",
  "threads/timers",
  "threads/maps",
  "namespaces/status",
];

for (const [name, parse] of PARSERS) {
  Deno.test(`${name} gives a value or a ProcParseError for any text`, () => {
    const some = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map(decodeBytes),
      // Pieces of real files, put together anew.
      fc.array(fc.tuple(fc.constantFrom(...FILES), fc.nat(2000), fc.nat(200)), { maxLength: 4 }).map((parts) =>
        parts.map(([file, from, length]) => text(file).slice(from, from + length)).join("")
      ),
    );
    fc.assert(
      fc.property(some, (input) => {
        try {
          parse(input);
        } catch (error) {
          assert(error instanceof ProcParseError, String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
}
