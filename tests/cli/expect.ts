import assert from "node:assert/strict";
import type { Result } from "./binary.ts";

/** The sentences of a run over categories that stand on stdout, and their exit codes. */
const SENTENCES: readonly (readonly [RegExp, code: number])[] = [
  [/^Looks good\.\n$/, 0],
  [
    /^Looks good but some kernel features are missing\nwhich, depending on your process tree, may cause\ndump or restore failure\.\n$/,
    1,
  ],
  [/^Looks good but some kernel features could not be probed here\.\n$/, 1],
  [/^Cannot tell: (1 required kernel feature|\d+ required kernel features) could not be probed here\.\n$/, 1],
];

/** criu 4.2 has this one sentence in its log, and so has cready. */
export const BAD = "Warn  (cready/check): Does not look good.";

/** A line on stderr is a finding's, or says what the kernel did by itself. */
const LOG_LINE = /^(Error |Warn {2}|Info {2})\(cready\/[\w-]+\): \S/;

/** It ended by itself with 0 or 1, and shows nothing of its inside; every line on stderr is one of ours. */
export function assertOrderly({ code, signal, stdout, stderr }: Result): void {
  const all = stdout + stderr;
  assert.equal(signal, null, all);
  assert.ok(code === 0 || code === 1, `exit code ${code}\n${all}`);
  assert.doesNotMatch(all, /cready itself failed|panicked|Uncaught|^ +at |error:/m);
  // deno-lint-ignore no-control-regex -- control bytes are what is looked for
  assert.doesNotMatch(all, /[\x00-\x09\x0b-\x1f\x7f]/, "control bytes");
  for (const line of lines(stderr)) assert.match(line, LOG_LINE);
}

/** One of the five verdicts, in the right place, with its exit code; every no has its reason. */
export function assertVerdict(result: Result): void {
  assertOrderly(result);
  const { code, stdout, stderr } = result;
  const found = SENTENCES.find(([sentence]) => sentence.test(stdout));
  const log = lines(stderr);
  if (found) {
    assert.equal(code, found[1], stdout);
    assert.ok(!log.includes(BAD), `two verdicts: ${stdout}${stderr}`);
  } else {
    assert.equal(stdout, "");
    assert.equal(log.at(-1), BAD, stderr);
    assert.equal(code, 1);
    assert.ok(log.some((line) => line.startsWith("Error (")), `a no without a reason: ${stderr}`);
  }
  // Only "Looks good." may go without a reason.
  if (code === 1) assert.notEqual(log.filter((line) => line !== BAD).length, 0, `a no without a reason: ${stdout}`);
}

/** The answers to `--feature`: one line for each that is supported, a reason for each that is not. */
export function assertFeatures({ code, signal, stdout, stderr }: Result, names: readonly string[]): void {
  assertOrderly({ code, signal, stdout, stderr });
  const said = lines(stdout);
  const supported = names.filter((name) => said.includes(`${name} is supported`));
  assert.deepEqual(said, supported.map((name) => `${name} is supported`));
  assert.equal(code, supported.length === names.length ? 0 : 1);
  const reasons = lines(stderr).filter((line) => /^(Error |Warn {2})\(/.test(line));
  assert.ok(reasons.length >= names.length - supported.length, `a no without a reason: ${stderr}`);
}

/** Lines without their ends. */
export function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
