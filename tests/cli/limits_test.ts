/** docs/limits.md: where the runtime ends before the program's first line, no verdict may be seen. */
import assert from "node:assert/strict";
import { BINARY, cready, type Result, ROOT, run, sandbox } from "./binary.ts";
import { assertVerdict, lines } from "./expect.ts";
import { assertExplained, type Findings, findingsOf } from "./findings.ts";

const mounted = (preparation: string) => ["unshare", "-m", "sh", "-c", `${preparation} && exec "$0" "$@"`];
/** What dies by a signal shall not leave a core file. */
const bare = (...options: string[]) => sandbox("--limit", "CORE=0", ...options);
const CHECK = [BINARY, "check", "--all"];

/** Each row of the table, by its first column: the commands that make such surroundings. */
const ROWS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "/proc is not mounted": [[...mounted("umount -l /proc; while umount -l /proc 2>/dev/null; do :; done"), ...CHECK]],
  "the current folder was deleted": [
    ["sh", "-c", 'cd "$(mktemp -d)" && rmdir "$PWD" && exec "$0" "$@"', ...CHECK],
  ],
  "an argument is not UTF-8": [
    [...bare("--argument-hex", "ff"), BINARY, "check", "--feature"],
    [...bare("--argument-hex", "6b636d70ff"), BINARY, "check", "--feature"],
    [...bare("--argument-hex", "c3"), BINARY],
  ],
  "stdin is closed and /dev is empty": [
    [...bare(), "/usr/bin/unshare", "-m", "sh", "-c", 'mount -t tmpfs none /dev && exec "$0" "$@" <&-', ...CHECK],
  ],
  "memory may not become code, as with MemoryDenyWriteExecute= of systemd": [[...bare("--deny-execute"), ...CHECK]],
  "1 to 3 descriptors (RLIMIT_NOFILE)": [1, 3].map((n) => [...bare("--limit", `NOFILE=${n}`), ...CHECK]),
  "4 to 8 descriptors (RLIMIT_NOFILE)": [4, 6, 8].map((n) => [...bare("--limit", `NOFILE=${n}`), ...CHECK]),
  "up to 8 GB of address space (RLIMIT_AS, ulimit -v)": [[...bare("--limit", "AS=8000000000"), ...CHECK]],
  "100 MB of data (RLIMIT_DATA, ulimit -d)": [[...bare("--limit", "DATA=100000000"), ...CHECK]],
  "64 KiB of stack (RLIMIT_STACK, ulimit -s)": [[...bare("--limit", "STACK=65536"), ...CHECK]],
  "stdout is a file and none may grow (RLIMIT_FSIZE 0)": [
    [
      "sh",
      "-c",
      'file=$(mktemp) && "$0" "$@" >"$file"; code=$?; cat "$file"; rm "$file"; exit $code',
      ...bare("--limit", "FSIZE=0"),
      BINARY,
      "check",
      "--feature",
      "list",
    ],
  ],
};

/** The table of docs/limits.md. */
const table = lines(Deno.readTextFileSync(`${ROOT}/docs/limits.md`)).flatMap((line) => {
  const cells = line.split("|").map((cell) => cell.trim());
  return cells.length === 5 && /^\d+$/.test(cells[2]!) ? [cells.slice(1, 4) as [string, string, string]] : [];
});

Deno.test("limits: docs/limits.md has a row for each test", () => {
  assert.deepEqual(table.map(([surroundings]) => surroundings), Object.keys(ROWS));
});

for (const [surroundings, code, text] of table) {
  for (const [i, argv] of (ROWS[surroundings] ?? []).entries()) {
    Deno.test(`limits: ${surroundings}${i > 0 ? `, ${i + 1}` : ""}`, async () => {
      const result = await run(argv);
      assertNotStarted(result);
      assert.equal(shownCode(result), Number(code), result.stderr);
      if (text === "nothing") assert.equal(result.stderr, "");
      else assert.ok(result.stderr.includes(text.replace(/ \(from .*/, "")), result.stderr);
    });
  }
}

/** The runtime ended before the program's first line: with a code that is not 0, and no verdict. */
function assertNotStarted(result: Result): void {
  assert.notEqual(shownCode(result), 0, result.stdout);
  assert.equal(result.stdout, "");
  assert.doesNotMatch(result.stderr, OURS);
}

const OURS = /\(cready\/|is supported|[Ll]ooks? good|Cannot tell/;

/** As a shell shows it. */
const shownCode = ({ code, signal }: Result) => signal === null ? code : 128 + SIGNALS[signal]!;

let unlimited: Promise<Findings> | undefined;
const UNSETTLED = /no answer in/;

// Where the runtime starts, and what is left for the checks then, differs from machine to machine. What does not: a
// check that had no descriptor left is undecided, and every other one is answered as with enough of them.
for (let n = 9; n <= 24; n++) {
  Deno.test(`limits: ${n} descriptors: it does not start, or nothing that it says is wrong`, async () => {
    const through = bare("--limit", `NOFILE=${n}`);
    const plain = await cready(["check"], { through });
    if (!OURS.test(plain.stdout + plain.stderr)) return assertNotStarted(plain);
    assertVerdict(plain);
    const few = await findingsOf({ through });
    assertExplained(few);
    const enough = await (unlimited ??= findingsOf());
    const short: string[] = [];
    for (const [id, { verdict, reason, remedies, evidence }] of few.byId) {
      const what = `${id} ${verdict}: ${reason}; ${remedies[0]?.why}`;
      const ranOut = [reason, ...evidence.map(({ errno }) => errno)].some((one) => /\bEMFILE\b/.test(one ?? ""));
      if (verdict === "INCONCLUSIVE" && ranOut) {
        assert.equal(remedies[0]?.cause, "LIMIT", what);
        assert.match(remedies[0].why, new RegExp(`^RLIMIT_NOFILE is ${n},`));
        short.push(id);
      } else if (!UNSETTLED.test(`${reason} ${enough.byId.get(id)?.reason}`)) {
        assert.equal(verdict, enough.byId.get(id)?.verdict, what);
      }
    }
    if (short.includes("map_files")) assert.notEqual(plain.code, 0);
  });
}

const SIGNALS: Readonly<Partial<Record<Deno.Signal, number>>> = {
  SIGTRAP: 5,
  SIGABRT: 6,
};
