/** `cready inspect` on processes with descriptors of all kinds, as the factory of specimens makes them. */
import assert from "node:assert/strict";
import { BINARY, PATH } from "../cli/binary.ts";
import { Sandbox } from "../truth/sandbox.ts";

interface Seen {
  readonly dump: string;
  readonly restore: string;
  readonly options: readonly { readonly text: string }[];
  readonly obstacles: readonly { readonly rule: string; readonly stage: string; readonly message: string | null }[];
}

/** What is expected of a specimen: the verdicts, the options, rules that must be named, and criu's first line. */
interface Expected {
  readonly dump: string;
  readonly restore?: string;
  readonly options?: RegExp;
  readonly rules?: readonly string[];
  readonly not?: string;
  readonly message?: RegExp;
}

const DUMPABLE: Expected = { dump: "DUMPABLE", restore: "EXPECTED", rules: [] };
const LINK = /^--link-remap$/;
const LOCKS = /^--file-locks$/;
const FILE = /^--external file\[[0-9a-f]+:[0-9a-f]+\]$/;

const TABLE: Readonly<Record<string, Expected>> = {
  "fd-epoll-number-reused": DUMPABLE,
  "fd-epoll-foreign": {
    dump: "BLOCKED",
    rules: ["fd-eventpoll-foreign"],
    message: /^Dump eventpoll \(pid: \d+\) failed with -1$/,
  },
  "fd-inotify-deleted": DUMPABLE,
  "fd-inotify-tmpfs-gone": {
    dump: "BLOCKED",
    rules: ["fd-inotify-tmpfs-gone"],
    message: /^Can't find suitable path for handle \(dev 0x[0-9a-f]+ ino 0x[0-9a-f]+\): -2$/,
  },
  "fd-inotify-proc": { dump: "BLOCKED", rules: ["fd-inotify-handle"], message: /^Can't dump that handle$/ },
  "fd-pidfd-thread": { dump: "BLOCKED", rules: ["fd-pidfd-thread"] },
  "fd-pipe-packets": { dump: "BLOCKED", rules: ["fd-pipe-packet"] },
  "fd-pipes-many": { dump: "BLOCKED", rules: ["fd-pipe-many"], message: /^OOM storing pipe$/ },
  "fd-pipes-few": DUMPABLE,
  "fd-pipe-outside": { dump: "DUMPABLE", restore: "STATE_LOST", rules: ["fd-pipe-outer"] },
  "fd-high-number": { dump: "DUMPABLE", rules: ["fd-reserved-range"] },
  "fd-mqueue": { dump: "NEEDS_OPTIONS", restore: "AT_RISK", options: FILE, rules: ["fd-posix-mqueue"] },
  "fd-open-tree": { dump: "NEEDS_OPTIONS", options: FILE, rules: ["file-mount-unknown"], message: /path=\/$/ },
  "file-deleted-sparse": DUMPABLE,
  "file-deleted-at-limit": DUMPABLE,
  "file-deleted-over-limit": {
    dump: "NEEDS_OPTIONS",
    options: /^--ghost-limit 2097152$/,
    rules: ["file-deleted-ghost-big"],
    message: /^Can't dump ghost file .*\/gone of \d+ size, increase limit$/,
  },
  "file-deleted-linked": {
    dump: "NEEDS_OPTIONS",
    restore: "EXPECTED",
    options: LINK,
    rules: ["file-deleted-linked"],
    message: /^Can't create link remap for .*\/gone\. Use link-remap option\.$/,
  },
  "file-named-deleted-beside": DUMPABLE,
  "file-replaced": DUMPABLE,
  "file-odd-name-deleted": DUMPABLE,
  "file-overmounted": { dump: "NEEDS_OPTIONS", options: FILE, rules: ["file-overmounted"] },
  "file-bound-over": {
    dump: "NEEDS_OPTIONS",
    options: FILE,
    rules: ["file-replaced"],
    message: /^Unaccessible path opened/,
  },
  "file-device-bound-over": { dump: "NEEDS_OPTIONS", options: /^--evasive-devices$/, rules: ["file-device-evasive"] },
  "file-deleted-linked-read-only": { dump: "NEEDS_OPTIONS", options: FILE, rules: ["file-deleted-linked"] },
  "file-proc-outer": { dump: "DUMPABLE", restore: "AT_RISK", rules: ["file-proc-live-outer"] },
  "file-grows": { dump: "DUMPABLE", restore: "AT_RISK", rules: ["file-size-changes"] },
  "lock-posix": { dump: "NEEDS_OPTIONS", options: LOCKS, rules: ["lock-any"], message: /^Some file locks are hold by/ },
  // The other process could write to the file as well, which is another matter.
  "lock-of-another-process": { dump: "DUMPABLE", not: "lock-any" },
  "lock-flock-of-another-process": { dump: "DUMPABLE", not: "lock-any" },
  "lock-shared-with-outside": {
    dump: "NEEDS_OPTIONS",
    restore: "AT_RISK",
    options: LOCKS,
    rules: ["lock-shared-outside"],
  },
  "tty-own-pair": DUMPABLE,
  "tty-hung-up": DUMPABLE,
  "tty-child-session": DUMPABLE,
  "tty-slave-only": {
    dump: "NEEDS_OPTIONS",
    restore: "AT_RISK",
    options: /^--shell-job$/,
    rules: ["tty-slave-without-master"],
    message: /^Found slave peer index 0 without correspond master peer$/,
  },
  "tty-two-slaves": {
    dump: "NEEDS_OPTIONS",
    options: /^--shell-job --external tty\[88[0-9a-f]+:[0-9a-f]+\]$/,
    rules: ["tty-two-outer-terminals"],
  },
  "tty-dev-tty-other-task": {
    dump: "BLOCKED",
    rules: ["tty-dev-tty-other-task"],
    message: /^ctty inheritance detected/,
  },
};

async function inspect(sandbox: Sandbox, ...words: string[]): Promise<Seen> {
  const { stdout, stderr } = await sandbox.run([BINARY, "inspect", "--json", ...words, `${sandbox.root}`], { PATH });
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

for (const [name, expected] of Object.entries(TABLE)) {
  Deno.test(`${name} is ${expected.dump}`, async () => {
    const scratch = await Deno.makeTempDir({ prefix: "cready-inspect-" });
    try {
      await using sandbox = await Sandbox.start(name, { scratch, path: PATH, programs: "", folders: [], deno: "" });
      const seen = await inspect(sandbox);
      const options = seen.options.map(({ text }) => text).sort((a, b) => Number(a > b) || -1);
      const rules = seen.obstacles.map(({ rule }) => rule);
      assert.equal(seen.dump, expected.dump, JSON.stringify(seen.obstacles));
      if (expected.restore) assert.equal(seen.restore, expected.restore);
      if (expected.rules?.length === 0) assert.deepEqual(rules, []);
      for (const rule of expected.rules ?? []) assert(rules.includes(rule), `${rule} is not among ${rules}`);
      if (expected.not) assert(!rules.includes(expected.not));
      if (expected.options) {
        const text = options.sort((a, b) => Number(b.startsWith("--shell")) - Number(a.startsWith("--shell"))).join(
          " ",
        );
        assert.match(text, expected.options);
        const given = await inspect(sandbox, "--with", text);
        assert.equal(given.dump, "DUMPABLE", JSON.stringify(given.obstacles));
      } else assert.deepEqual(options, []);
      const first = seen.obstacles.find(({ stage, message }) => stage === "DUMP" && message !== null)?.message;
      if (expected.message) assert.match(first ?? "", expected.message);
    } finally {
      await Deno.remove(scratch, { recursive: true });
    }
  });
}
