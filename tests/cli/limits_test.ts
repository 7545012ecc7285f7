/** docs/limits.md: where the runtime ends before the program's first line, no verdict may be seen. */
import assert from "node:assert/strict";
import { BINARY, ROOT, run, sandbox } from "./binary.ts";
import { lines } from "./expect.ts";

const mounted = (preparation: string) => ["unshare", "-m", "sh", "-c", `${preparation} && exec "$0" "$@"`];
/** What dies by a signal shall not leave a core file. */
const bare = (...options: string[]) => sandbox("--limit", "CORE=0", ...options);
const CHECK = [BINARY, "check", "--all"];

/** Each row of the table, by its first column: the commands that make such surroundings. */
const ROWS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "/proc is not mounted": [[...mounted("umount -l /proc"), ...CHECK]],
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
  "4 to 12 descriptors (RLIMIT_NOFILE)": [4, 8, 12].map((n) => [...bare("--limit", `NOFILE=${n}`), ...CHECK]),
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
      const shown = result.signal === null ? result.code : 128 + SIGNALS[result.signal]!;
      assert.notEqual(shown, 0, result.stdout);
      assert.equal(result.stdout, "");
      assert.doesNotMatch(result.stderr, /\(cready\/|is supported|[Ll]ooks? good/);
      assert.equal(shown, Number(code), result.stderr);
      if (text === "nothing") assert.equal(result.stderr, "");
      else assert.ok(result.stderr.includes(text.replace(/ \(from .*/, "")), result.stderr);
    });
  }
}

const SIGNALS: Readonly<Partial<Record<Deno.Signal, number>>> = {
  SIGTRAP: 5,
  SIGABRT: 6,
};
