/** `--criu PATH`: what an installed criu says beside cready, whatever that criu is. */
import assert from "node:assert/strict";
import { cready, type Result } from "./binary.ts";
import { lines } from "./expect.ts";

const folder = await Deno.makeTempDir({ prefix: "cready-criu-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const VERSION = 'if [ "$1" = --version ]; then echo "Version: 3.17"; exit 0; fi';

/** A script in place of criu; `$3` is the feature that it is asked for. */
async function fake(name: string, script: string): Promise<string> {
  const path = `${folder}/${name}`;
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`);
  await Deno.chmod(path, 0o755);
  return path;
}

/** Two features that no kernel here lacks. */
const WORDS = ["check", "--feature", "mnt_id,timerfd"];

/** What is said of criu: the log without cready's own findings. */
const beside = ({ stderr }: Result) => lines(stderr).filter((line) => !/^(Error |Warn {2}|Info {2})\(/.test(line));

interface Row {
  readonly name: string;
  readonly script: string;
  readonly says: readonly RegExp[];
}

const STANDS = "cannot be asked, and cready's answer stands";

const ROWS: readonly Row[] = [
  {
    name: "agrees",
    script: `${VERSION}\necho "$3 is supported"`,
    says: [/^criu 3\.17 \(.*\) beside cready:$/, /^ {8}agree +2 of 2 features/],
  },
  {
    name: "does not know a feature",
    script: `${VERSION}\ncase $3 in timerfd) echo "Error (x): Unknown feature timerfd" >&2; exit 1;; esac`,
    says: [/beside cready/, /agree +1 of 2/, /timerfd +this criu does not know it$/],
  },
  {
    name: "says no without a word",
    script: `${VERSION}\ncase $3 in timerfd) exit 1;; esac`,
    says: [/beside cready/, /agree +1 of 2/, /timerfd +criu not supported, without a word; cready supported; no known/],
  },
  {
    name: "says no, with control bytes",
    script: `${VERSION}\ncase $3 in timerfd) printf 'Warn  (x): \\033[31mno\\n' >&2; exit 1;; esac`,
    says: [
      /beside cready/,
      /agree +1 of 2/,
      /timerfd +criu not supported \(Warn {2}\(x\): \\x1b\[31mno\); cready supp/,
    ],
  },
  {
    name: "dies in its start-up, as 3.17 does on 6.18",
    script: `${VERSION}\necho "Error (criu/kerndat.c:1): Could not initialize kernel features detection." >&2; exit 1`,
    says: [/beside cready/, /^ {8}died +in its start-up, before any check/],
  },
  { name: "has no version", script: "exit 0", says: [new RegExp(`${STANDS}: --version ended with exit code 0`)] },
  { name: "fails", script: "exit 3", says: [new RegExp(`${STANDS}: --version ended with exit code 3`)] },
  { name: "is killed", script: "kill -SEGV $$", says: [new RegExp(`${STANDS}: --version ended with signal 11`)] },
  {
    name: "is killed when it is asked",
    script: `${VERSION}\nkill -KILL $$`,
    says: [new RegExp(`${STANDS}: check --feature mnt_id ended by signal 9`)],
  },
  { name: "hangs", script: "exec sleep 60", says: [new RegExp(`${STANDS}: .*no answer in 5 s`)] },
];

const alone = await cready(WORDS);

for (const { name, script, says } of ROWS) {
  Deno.test(`beside: a criu that ${name}`, async () => {
    const path = await fake(name.replaceAll(/\W/g, "-"), script);
    const result = await cready([...WORDS, "--criu", path]);
    // cready's own answer stands.
    assert.deepEqual([result.code, result.stdout], [alone.code, alone.stdout]);
    const said = beside(result);
    assert.equal(said.length, says.length, result.stderr);
    for (const [i, pattern] of says.entries()) assert.match(said[i]!, pattern);
    // deno-lint-ignore no-control-regex -- control bytes are what is looked for
    assert.doesNotMatch(result.stderr, /[\x00-\x09\x0b-\x1f\x7f]/);
  });
}

for (const path of ["/no/such/criu", "/etc/passwd", "/", ""]) {
  Deno.test(`beside: "${path}" is no criu`, async () => {
    const result = await cready([...WORDS, "--criu", path]);
    assert.deepEqual([result.code, result.stdout], [alone.code, alone.stdout]);
    assert.match(beside(result).join("\n"), new RegExp(`^criu \\(${path}\\) ${STANDS}: .*E[A-Z]+`));
  });
}

Deno.test("beside: what criu remembers is told", async () => {
  const path = await fake("remembers", `${VERSION}\necho "$3 is supported"`);
  const cached = ["unshare", "-m", "sh", "-e", "-c", 'mount -t tmpfs none /run; >/run/criu.kdat; exec "$0" "$@"'];
  const result = await cready([...WORDS, "--criu", path], { through: cached });
  assert.match(result.stderr, /^ {8}its cache +\/run\/criu\.kdat is there/m);
});

Deno.test("beside: nothing of criu is said with --quiet, and nothing on stdout with --json", async () => {
  const path = await fake("quiet", `${VERSION}\necho "$3 is supported"`);
  assert.equal((await cready([...WORDS, "--criu", path, "--quiet"])).stderr, "");
  const { stdout } = await cready([...WORDS, "--criu", path, "--json"]);
  assert.equal(JSON.parse(stdout).length, 2);
});
