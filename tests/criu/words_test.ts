/** The same words to the real criu and to cready: the same exit code, the same verdict, the same fault. */
import assert from "node:assert/strict";
import { BINARY, redirected, type Result, ROOT, run, sandbox } from "../cli/binary.ts";

const located = await run([`${ROOT}/scripts/criu`, "--path"], { env: Deno.env.toObject() });
const CRIU = located.stdout.trim();
if (!CRIU) throw new Error(`The real criu could not be fetched: these tests compare with it. ${located.stderr}`);

/** A feature that both know. */
const NAME = "seccomp_filters";

/** Command lines that both must take or refuse alike. */
const SAME: readonly (readonly string[])[] = [
  ["check"],
  ["check", "--"],
  ["--", "check"],
  ["check", "--no-extra"],
  ["check", "--no-experimental"],
  ["check", "--extra", "--no-extra"],
  ["check", "--all", "--no-extra", "--no-experimental"],
  ["check", "--feature", NAME],
  ["check", `--feature=${NAME}`],
  ["check", "--feat", NAME],
  ["--feature", NAME, "check"],
  ["check", "--feature", "tun", "--feature", NAME],
  ["check", "--feature", "no such", "--feature", NAME],
  ["check", "--feature", "no such", "--ms"],
  ["check", "--feature", NAME, "--all"],
  ["check", "--feature", ""],
  ["check", "--feature="],
  ["check", "--feature", " "],
  ["check", "--feature", "secomp_filters"],
  ["check", "--feature", "SECCOMP_FILTERS"],
  ["check", "--feature", "-v"],
  ["check", "--feature", "--extra"],
  ["check", "--feature"],
  ["check", "--fe"],
  ["check", "--no"],
  ["check", "--e"],
  ["check", "--ex"],
  ["check", "--bogus"],
  ["check", "--extra=3"],
  ["check", "-z"],
  ["check", "foo"],
  ["check", "foo", "bar"],
  ["check", ""],
  ["check", "-"],
  ["check", "--", "--feature"],
  ["check", "--feature", NAME, "foo"],
  ["check", "--ms"],
  ["--ms"],
  ["--ms", "check"],
  ["check", "--ms", "--feature", NAME],
  ["--extra"],
  ["-v"],
  ["-o", "check"],
  ["check", "-v"],
  ["check", "-vv"],
  ["check", "-v", "-v"],
  ["check", "-v0"],
  ["check", "-v1"],
  ["check", "-v3"],
  ["check", "-v4"],
  ["check", "-v", "x"],
  ["check", "--verbosity"],
  ["check", "--verbosity=3"],
  ["-v4", "check"],
  ["check", "-o", "-"],
  ["check", "-o", "/dev/null"],
  ["check", "-o", "/no/such/folder/log"],
  ["check", "-o", ""],
  ["check", "-o", "/tmp"],
  ["check", "-o"],
  ["check", "-W", "/tmp"],
  ["check", "-W", "/no/such"],
  ["check", "-W"],
  ["check", "-D", "/tmp", "-W", "/no/such"],
  ["check", "-x"],
  ["check", "-j"],
  ["check", "-t", "5"],
  ["check", "-t"],
  ["check", "--tcp-established", "--file-locks", "--ext-unix-sk"],
  ["check", "--no-tcp-established"],
  ["check", "--config", "/dev/null"],
  ["check", "--no-default-config"],
  ["check", "--unprivileged"],
];

/** Command lines with their equivalents: whatever the verdict, both programs take them for the same. */
const EQUIVALENT: readonly (readonly [words: readonly string[], same: readonly string[]])[] = [
  [["--extra", "check"], ["check", "--extra"]],
  [["check", "--extr"], ["check", "--extra"]],
  [["check", "--extra", "--experimental"], ["check", "--all"]],
  [["check", "--all", "--no-extra"], ["check", "--experimental"]],
  [["check", "--no-extra", "--extra"], ["check", "--extra"]],
];

/** Where cready differs, the exit codes of both, and why. */
const DIFFERENT: readonly (readonly [words: readonly string[], criu: number, cready: number, why: string])[] = [
  [["check", "--feature", "list"], 1, 0, "criu 4.2 has broken what its manual describes"],
  [["--feature", "list"], 1, 0, "the same, without a command word as in 2016"],
  [["check", "--feature", `${NAME},${NAME}`], 1, 0, "a comma list is an extension"],
  [["check", "--feature", "kcmp"], 1, 0, "checks that criu gives no name can be asked for too"],
  [[], 1, 2, "no words at all are bad input to cready as a whole, not to its check"],
  [["--"], 1, 2, "the same"],
  [["no-such-command"], 1, 2, "so is a command that it does not have"],
  [["check", "-vx"], 0, 1, "criu takes a level that is no number for 0, and so hides its reasons"],
  [["check", "--verbosity=x"], 0, 1, "the same"],
  [["check", "--bogus", "--help"], 0, 1, "a fault is told although help is asked for"],
];

const criu = (words: readonly string[]) => run([CRIU, ...words], { cwd: "/" });
const cready = (words: readonly string[]) => run([BINARY, ...words], { cwd: "/" });

const VERDICT = /^(Looks good.*|which, depending .*|dump or restore failure\.|.* is supported)$/gm;

/** What scripts read on stdout. criu prints its usage there too. */
const verdict = ({ stdout }: Result) => stdout.match(VERDICT) ?? [];

/** The caller's fault without prefix, cready's advice, the list of all options, and the error's wording. */
function fault({ code, stderr }: Result): string {
  if (code === 0) return "";
  const line = stderr.split("\n").findLast((one) => /^(Error \(|\S+criu: )/.test(one)) ?? "";
  return line.replace(/^Error \([^)]*\): |^\S+criu: /, "").replace(/ \(did you mean .*\?\)$|; possibilities: .*$/, "")
    .replace(/: (E[A-Z]+|No such file or directory|Is a directory)$/, "").replace("criu --help", "cready --help");
}

const shown = (words: readonly string[]) => words.length > 0 ? words.join(" ") : "no words";

for (const words of SAME) {
  Deno.test(`words as criu: ${shown(words)}`, async () => {
    const [theirs, ours] = await Promise.all([criu(words), cready(words)]);
    assert.equal(ours.code, theirs.code, ours.stderr + theirs.stderr);
    assert.deepEqual(verdict(ours), verdict(theirs));
    assert.equal(fault(ours), fault(theirs));
  });
}

for (const [words, same] of EQUIVALENT) {
  Deno.test(`words as criu: ${shown(words)} is ${shown(same)}`, async () => {
    for (const program of [criu, cready]) {
      const [one, other] = [await program(words), await program(same)];
      assert.deepEqual([one.code, one.stdout], [other.code, other.stdout]);
    }
  });
}

for (const [words, theirs, ours, why] of DIFFERENT) {
  Deno.test(`words unlike criu: ${shown(words)}: ${why}`, async () => {
    assert.deepEqual([(await criu(words)).code, (await cready(words)).code], [theirs, ours]);
  });
}

for (const redirect of [">&-", ">/dev/full", "2>/dev/full", "2>&-"]) {
  Deno.test(`streams: check ${redirect}: cready's exit code`, async () => {
    const [theirs, ours] = await Promise.all(
      [CRIU, BINARY].map((program) => run([...redirected(redirect), program, "check"])),
    );
    // criu does not notice a full disk: its answer is lost with exit code 0.
    if (redirect === ">/dev/full") return assert.equal(ours!.code, 1);
    assert.equal(ours!.code, theirs!.code);
    assert.deepEqual(verdict(ours!), verdict(theirs!));
  });
}

Deno.test("streams: a bad verdict is a warning in the log, at criu's and here", async () => {
  const readOnly = [
    "unshare",
    "-m",
    "sh",
    "-c",
    'mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && exec "$0" "$@"',
  ];
  for (const options of [[], ["--all"], ["-o", "-"]]) {
    for (const program of [CRIU, BINARY]) {
      const { code, stdout, stderr } = await run([...readOnly, program, "check", ...options]);
      assert.equal(code, 1);
      const [log, other] = options.includes("-o") ? [stdout, stderr] : [stderr, stdout];
      assert.match(log, /^Error \([^)]*\): .*ns_last_pid/m);
      assert.match(log, /^Warn {2}\([^)]*\): Does not look good\.$/m);
      assert.equal(other, "");
    }
  }
});

Deno.test("streams: a filter that refuses kcmp is a yes to criu, and a no here", async () => {
  const through = sandbox("--answer", "kcmp=EPERM");
  const [theirs, ours] = [await run([...through, CRIU, "check"]), await run([...through, BINARY, "check"])];
  assert.deepEqual([theirs.code, theirs.stdout], [0, "Looks good.\n"]);
  assert.equal(ours.code, 1);
  assert.match(ours.stderr, /^Error \(cready\/kcmp\): .*; criu 4\.2 says supported$/m);
});
