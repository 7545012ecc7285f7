import assert from "node:assert/strict";
import type { Obstacle } from "../../../inspect/obstacle.ts";
import { chooseOptions, isGiven, parseOption } from "../../../inspect/options.ts";
import { type DumpPlan, PLAIN_PLAN } from "../../../inspect/plan.ts";

const obstacle = (options: readonly string[], effect: Obstacle["effect"] = "NEEDS_OPTION"): Obstacle => ({
  rule: "tcp-connected",
  stage: "DUMP",
  effect,
  task: {} as Obstacle["task"],
  subject: "fd 3",
  reason: "",
  message: null,
  options,
  features: [],
  remedy: null,
  order: 1,
});

const plan = (...texts: readonly string[]): DumpPlan => ({
  ...PLAIN_PLAN,
  options: texts.map((text) => ({ ...parseOption(text), from: "command line" })),
});

const chosen = (obstacles: readonly Obstacle[], given = PLAIN_PLAN) =>
  chooseOptions(obstacles, given).options.map(({ text }) => text);

Deno.test("chooseOptions takes the first that keeps most, once for many", () => {
  const one = obstacle(["--tcp-established", "--tcp-close"]);
  assert.deepEqual(chosen([one, obstacle(["--file-locks"]), one]), ["--tcp-established", "--file-locks"]);
});

Deno.test("chooseOptions takes what another obstacle needs anyway", () => {
  assert.deepEqual(chosen([obstacle(["--external tty[1:2]", "--shell-job"]), obstacle(["--shell-job"])]), [
    "--shell-job",
  ]);
});

Deno.test("chooseOptions takes the largest size for all", () => {
  assert.deepEqual(chosen([obstacle(["--ghost-limit 2097152"]), obstacle(["--ghost-limit 3145728"])]), [
    "--ghost-limit 3145728",
  ]);
});

Deno.test("chooseOptions leaves out what is given already, whichever of them it is", () => {
  const one = obstacle(["--tcp-established", "--tcp-close"]);
  const { options, left } = chooseOptions([one], plan("--tcp-close"));
  assert.deepEqual([options, left], [[], []]);
  assert.deepEqual(chosen([obstacle(["--ghost-limit 2048"])], plan("--ghost-limit 4096")), []);
  assert.deepEqual(chosen([obstacle(["--ghost-limit 2048"])], plan("--ghost-limit 1024")), ["--ghost-limit 2048"]);
  assert.deepEqual(chosen([obstacle(["--external file[1:2]"])], plan("--external file[1:3]")), [
    "--external file[1:2]",
  ]);
});

Deno.test("chooseOptions names what would do instead for all of its obstacles", () => {
  const both = obstacle(["--tcp-established", "--tcp-close"]);
  const [option] = chooseOptions([both, both], PLAIN_PLAN).options;
  assert.deepEqual(option?.instead, ["--tcp-close"]);
  const [one] = chooseOptions([both, obstacle(["--tcp-established"])], PLAIN_PLAN).options;
  assert.deepEqual(one?.instead, []);
});

Deno.test("chooseOptions chooses nothing for what no option lifts", () => {
  const { options, left } = chooseOptions([obstacle([], "REFUSED")], PLAIN_PLAN);
  assert.deepEqual(options, []);
  assert.equal(left.length, 1);
});

Deno.test("parseOption and isGiven read an argument after a blank and after =", () => {
  assert.deepEqual(parseOption("--manage-cgroups=soft"), { name: "manage-cgroups", value: "soft" });
  assert.deepEqual(parseOption("--external mnt[/a b]:k=v"), { name: "external", value: "mnt[/a b]:k=v" });
  assert.throws(() => parseOption("tcp-close"), RangeError);
  assert.equal(isGiven("--tcp-close", plan("--tcp-close")), true);
  assert.equal(isGiven("--tcp-close", plan()), false);
});
