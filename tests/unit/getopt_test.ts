import assert from "node:assert/strict";
import fc from "fast-check";
import { parseCheck } from "../../cli/check_options.ts";
import { getopt, type OptionSpec } from "../../cli/getopt.ts";
import { shown, UsageError } from "../../cli/usage.ts";

const SPECS: readonly OptionSpec[] = [
  { name: "all", argument: "none" },
  { name: "extra", argument: "none" },
  { name: "experimental", argument: "none" },
  { name: "feature", argument: "required" },
  { name: "log-file", short: "o", argument: "required" },
  { name: "leave-running", short: "R", argument: "none" },
  { name: "verbosity", short: "v", argument: "optional" },
];

const CASES: readonly (readonly [args: string, options: string, words: string])[] = [
  ["check --all", "all", "check"],
  ["--all check", "all", "check"],
  ["check --feature tun", "feature=tun", "check"],
  ["check --feature=tun", "feature=tun", "check"],
  ["check --feat tun", "feature=tun", "check"],
  ["check --feature=", "feature=", "check"],
  ["check --feature --all", "feature=--all", "check"],
  ["check -v -v3 -vv", "verbosity,verbosity=3,verbosity=v", "check"],
  ["-o file check", "log-file=file", "check"],
  ["-ofile check", "log-file=file", "check"],
  ["-Rofile check", "leave-running,log-file=file", "check"],
  ["-Rv4 check", "leave-running,verbosity=4", "check"],
  ["check -- --all", "", "check,--all"],
  ["check -", "", "check,-"],
];

for (const [args, options, words] of CASES) {
  Deno.test(`getopt sorts ${args}`, () => {
    const parsed = getopt(args.split(" "), SPECS);
    const given = parsed.options.map(({ name, value }) => value === undefined ? name : `${name}=${value}`);
    assert.equal(given.join(","), options);
    assert.equal(parsed.words.join(","), words);
  });
}

const FAULTS: readonly (readonly [args: string, sentence: string])[] = [
  ["--foo", "unrecognized option '--foo'"],
  ["--ex", "option '--ex' is ambiguous; possibilities: '--extra' '--experimental'"],
  ["--feature", "option '--feature' requires an argument"],
  ["--all=1", "option '--all' doesn't allow an argument"],
  ["-o", "option requires an argument -- 'o'"],
  ["-z", "invalid option -- 'z'"],
  ["--=x", "unrecognized option '--'"],
];

for (const [args, sentence] of FAULTS) {
  Deno.test(`getopt refuses ${args}`, () => {
    assert.throws(
      () => getopt(args.split(" "), SPECS),
      (error) => error instanceof UsageError && error.message === sentence,
    );
  });
}

Deno.test("parseCheck throws nothing but UsageError, whatever the words", async () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("check", "--feature", "--all", "-v", "-o", "--timeout", "--", "-W", "--no-extra"),
  );
  await fc.assert(fc.asyncProperty(fc.array(word), async (words) => {
    try {
      await parseCheck(words);
    } catch (error) {
      assert(error instanceof UsageError);
    }
  }));
});

const REQUESTS: readonly (readonly [args: string, field: string, value: unknown])[] = [
  ["check", "scope", "REQUIRED"],
  ["check --extra", "scope", "EXTRA"],
  ["check --experimental", "scope", "EXPERIMENTAL"],
  ["check --extra --experimental", "scope", "ALL"],
  ["check --all", "scope", "ALL"],
  ["check --all --no-extra", "scope", "EXPERIMENTAL"],
  ["check --all --no-experimental", "scope", "EXTRA"],
  ["check --no-extra --all", "scope", "ALL"],
  ["check", "verbosity", 2],
  ["check -v", "verbosity", 3],
  ["check -vv", "verbosity", 4],
  ["check -v1", "verbosity", 1],
  ["check -v0", "verbosity", 0],
  ["check --verbosity=4", "verbosity", 4],
  ["check -D a -W b", "workFolder", "b"],
  ["check -D a", "workFolder", "a"],
  ["check --timeout 1.5", "timeoutSeconds", 1.5],
];

for (const [args, field, value] of REQUESTS) {
  Deno.test(`parseCheck reads ${args} as ${field} ${value}`, async () => {
    const request = await parseCheck(args.split(" ")) as unknown as Record<string, unknown>;
    assert.equal(request[field], value);
  });
}

Deno.test("parseCheck lets the last --feature win and prints the list at once", async () => {
  const request = await parseCheck(["check", "--feature", "ns_last_pid", "--feature", "kcmp,map_files"]);
  assert.deepEqual((request as { features: unknown }).features, ["kcmp", "map_files"]);
  await assert.rejects(
    () => parseCheck(["check", "--feature", "no such", "--feature", "kcmp"]),
    /Unknown feature no such/,
  );
  assert.equal(await parseCheck(["check", "--feature", "list", "--feature", "nonsense", "--ms"]), "list");
});

Deno.test("shown lets no control byte and no lone surrogate through, and no more than 200 characters", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 250 }), (word) => {
    const text = shown(word);
    // deno-lint-ignore no-control-regex -- control bytes are what is looked for
    assert.doesNotMatch(text, /[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd](?![\udc00-\udfff])/u);
  }));
  assert.equal(shown("x".repeat(10_000)).length, 201);
});
