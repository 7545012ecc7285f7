/** Which files the program opens, and that it changes none. */
import assert from "node:assert/strict";
import { COMMANDS } from "../../cli/commands.ts";
import { CRIU_NAMES as FEATURE_NAMES } from "../../probes/names.ts";
import { PROBES } from "../../probes/registry.ts";
import { BINARY } from "../cli/binary.ts";
import { type Call, traced } from "./strace.ts";

const IDS = [...FEATURE_NAMES, ...PROBES.filter(({ criuName }) => criuName === null).map(({ id }) => id)];

const WORDS: readonly (readonly string[])[] = [
  [],
  ["--version"],
  ["--help"],
  ["--feature", "list"],
  ["no-such-command"],
  ["check"],
  ["check", "--all"],
  ["check", "--all", "--no-autoload"],
  ["check", "--all", "--json"],
  ["check", "--all", "--table"],
  ["check", "--all", "--remedies"],
  ["check", "--feature", IDS.join(",")],
  ["explain", "kcmp"],
  ["explain", "CONFIG_KCMP"],
  ...COMMANDS.map(({ name }) => [name, "--help"]),
];

/** Calls that only look, or begin this program. */
const LOOKING =
  /^(openat|open|openat2|stat|statx|lstat|newfstatat|statfs|access|faccessat2?|readlink|readlinkat|getcwd|inotify_add_watch|execve|execveat|getxattr|lgetxattr)$/;
const WRITING = /\bO_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b/;

/** Whether a call has changed, or could change, what is on a disk. */
function changes({ name, args }: Call): boolean {
  if (/\) += -1 E[A-Z]+ /.test(args)) return false;
  const path = /"([^"]*)"/.exec(args)?.[1] ?? "";
  if (/^open/.test(name)) return WRITING.test(args) && !/^\/(proc|dev)\//.test(path);
  if (/^execve/.test(name)) return path !== BINARY;
  // Only a socket that has a path makes a file.
  if (name === "bind") return /sun_path="/.test(args);
  return !LOOKING.test(name);
}

for (const words of WORDS) {
  const shown = words.join(" ").replace(/(--feature )[^ ]*,.*/, "$1with every name") || "no words";
  Deno.test(`traced: ${shown}: nothing of /tmp/deno-compile-* is looked for, and no file is changed`, async () => {
    // Once with all threads and children, once so that it can trace its children itself.
    for (const everywhere of [true, false]) {
      const calls = await traced(words, everywhere);
      assert.deepEqual(calls.filter(({ args }) => args.includes("deno-compile")), []);
      assert.deepEqual(calls.filter(changes), []);
    }
  });
}

Deno.test("traced: the list, the version and help ask for nothing", async () => {
  for (const words of [["--feature", "list"], ["--version"], ["--help"], ["check", "--help"]]) {
    const calls = await traced(words, false);
    // After the runtime's start: it looks for the current folder last.
    const own = calls.slice(calls.findLastIndex(({ name }) => name === "getcwd") + 1);
    assert.deepEqual(own, []);
  }
});
