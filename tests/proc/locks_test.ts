import assert from "node:assert/strict";
import fc from "fast-check";
import { type FileLock, parseLock } from "../../proc/locks.ts";

const TEXT = `1: LEASE  BREAKING  UNLCK 12265 fe:00:9978714 0 EOF
1: -> LEASE  BREAKER   WRITE 12411 <none>:0 0 EOF
2: POSIX  ADVISORY  READ 11738 fe:00:10037737 128 128
3: FLOCK  ADVISORY  WRITE 7 00:1a:18446744073709551615 0 EOF
4: OFDLCK ADVISORY  WRITE -1 103:2:5 4 9
4: -> OFDLCK ADVISORY  WRITE -1 103:2:5 4 9
5: DELEG  ACTIVE    READ 9 fe:00:12 0 EOF
`;

/** The locks of a text; lines of another form (`<none>` for the file) are passed over. */
const parse = (text: string): FileLock[] => text.split("\n").flatMap((line) => parseLock(line) ?? []);

Deno.test("parseLock reads held and awaited locks", () => {
  const locks = parse(TEXT);
  assert.deepEqual(locks.map(({ kind, type, pid, waiting }) => [kind, type, pid, waiting]), [
    ["LEASE", "UNLCK", 12265, false],
    ["POSIX", "READ", 11738, false],
    ["FLOCK", "WRITE", 7, false],
    ["OFDLCK", "WRITE", -1, false],
    ["OFDLCK", "WRITE", -1, true],
    ["DELEG", "READ", 9, false],
  ]);
  assert.deepEqual(locks[0], {
    kind: "LEASE",
    mode: "BREAKING",
    type: "UNLCK",
    pid: 12265,
    major: 0xfe,
    minor: 0,
    ino: 9978714n,
    waiting: false,
  });
  assert.equal(locks[2]!.ino, 18446744073709551615n);
  assert.equal(locks[3]!.major, 0x103);
});

Deno.test("parseLock reads the lines of a real file", () => {
  const text = Deno.readTextFileSync("/proc/locks");
  const lines = text.split("\n").filter((line) => line !== "" && !line.includes("<none>"));
  assert.equal(parse(text).length, lines.length);
});

Deno.test("parseLock takes what was written apart", () => {
  const word = (...words: string[]) => fc.constantFrom(...words);
  const parts = fc.record({
    kind: word("POSIX", "FLOCK", "OFDLCK", "LEASE", "DELEG", "ACCESS"),
    mode: word("ADVISORY", "ACTIVE", "BREAKING"),
    type: word("READ", "WRITE", "UNLCK"),
    pid: fc.integer({ min: -1, max: 4194304 }),
    major: fc.integer({ min: 0, max: 0xfff }),
    minor: fc.integer({ min: 0, max: 0xfffff }),
    ino: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    waiting: fc.boolean(),
  }, { noNullPrototype: true });
  fc.assert(fc.property(parts, (one) => {
    const device = `${one.major.toString(16).padStart(2, "0")}:${one.minor.toString(16).padStart(2, "0")}`;
    const line = `7: ${
      one.waiting ? "-> " : ""
    }${one.kind}  ${one.mode}  ${one.type} ${one.pid} ${device}:${one.ino} 0 EOF`;
    assert.deepEqual(parseLock(line), one);
  }));
});

Deno.test("any text gives locks or none", () => {
  fc.assert(fc.property(fc.string(), (text) => void parse(text)));
});
