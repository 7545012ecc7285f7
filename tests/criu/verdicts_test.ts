import assert from "node:assert/strict";
import { CRIU_NAMES } from "../../probes/names.ts";
import { PROBES } from "../../probes/registry.ts";
import { disagreement, expectedConclusion, expectedOfCriu, type PrintedFinding } from "./compare.ts";

const root = new URL("../../", import.meta.url);
const criu = new TextDecoder().decode(
  new Deno.Command(new URL("scripts/criu", root), { args: ["--path"], stderr: "inherit" }).outputSync().stdout,
).trim();
if (!criu) throw new Error("The real criu could not be fetched: these tests compare with it, and are not skipped");

const folder = criu.replace(/\/[^/]*$/, "");

/** cready looks at the installed criu: here that is the one it is compared with. */
function run(program: string | URL, args: readonly string[], path = folder) {
  const env = { PATH: `${path}:${Deno.env.get("PATH")}` };
  const { code, stdout, stderr } = new Deno.Command(program, { args: [...args], env }).outputSync();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

const cready = new URL("dist/cready", root);

/** `--feature` of such names, in one run. */
function features(names: readonly string[], path?: string): PrintedFinding[] {
  const { stdout } = run(cready, ["check", "--feature", names.join(","), "--json"], path);
  const printed = JSON.parse(stdout) as { finding: PrintedFinding }[];
  return printed.map(({ finding, ...feature }) => ({ ...finding, feature } as unknown as PrintedFinding));
}

// How criu was built is read from the program itself, which here is behind a script that starts it with its own libc.
const program = ["nftables"];
const all = [
  ...features(CRIU_NAMES.filter((name) => !program.includes(name))),
  ...features(program, `${folder}/usr/sbin`),
];
const found = new Map(all.map((finding) => [finding.feature.criuName, finding]));

for (const name of CRIU_NAMES) {
  Deno.test(`--feature ${name} is answered as the real criu does, or differs as documented`, () => {
    const finding = found.get(name);
    assert(finding, `cready has no ${name}`);
    const { code, stdout } = run(criu, ["check", "--feature", name]);
    assert.equal(code === 0, stdout === `${name} is supported\n`);
    assert.equal(disagreement(finding, code === 0), undefined);
  });
}

for (const words of [["check"], ["check", "--extra"], ["check", "--experimental"], ["check", "--all"]]) {
  Deno.test(`${words.join(" ")} ends as the real criu does, but for the documented differences`, () => {
    const theirs = run(criu, words);
    const report = JSON.parse(run(cready, [...words, "--json"]).stdout) as { findings: PrintedFinding[] };
    const untold = report.findings.filter(({ verdict }) => verdict === "INCONCLUSIVE").map(({ feature }) => feature.id);
    assert.deepEqual(untold, [], "as root nothing may stay untold");
    const { sentence, stream, exitCode } = expectedConclusion(report.findings);
    assert.equal(theirs.code, exitCode);
    if (stream === "stdout") assert.equal(theirs.stdout, `${sentence}\n`);
    else assert.match(theirs.stderr, /^Warn {2}\(.*\): Does not look good\.$/m);
  });
}

Deno.test("a run without differences has the bytes of criu's on stdout", () => {
  const ours = run(cready, ["check"]), theirs = run(criu, ["check"]);
  assert.deepEqual([ours.code, ours.stdout], [theirs.code, theirs.stdout]);
});

Deno.test("every name of criu has a record", () => {
  assert.deepEqual(CRIU_NAMES.filter((name) => !PROBES.some(({ criuName }) => criuName === name)), []);
});

Deno.test("criu's own help lists exactly these names", () => {
  const help = run(criu, ["--help"]).stdout;
  const list = /one of:\s*([\s\S]*?)\n\s*\n/.exec(help)?.[1]?.split(/[\s,]+/).filter(Boolean) ?? [];
  assert.deepEqual([...list].sort(), [...CRIU_NAMES].sort());
});

Deno.test("--criu asks it for every feature, and explains each difference", () => {
  const names = CRIU_NAMES;
  // With no criu in PATH: the one that is named is the one that is meant.
  const { stderr } = run(cready, ["check", "--feature", names.join(","), "--criu", criu], "/nowhere");
  const said = stderr.slice(stderr.search(/^criu 4/m)).trimEnd().split("\n");
  const differing = names.filter((name) =>
    expectedOfCriu(found.get(name)!) !== (found.get(name)!.verdict === "SUPPORTED")
  );
  assert.match(said[0]!, /^criu 4\.\S+ \(.*\) beside cready:$/);
  const agree = said.find((line) => line.includes(" agree "))!;
  assert.match(agree, new RegExp(`agree +\\d+ of ${names.length} features`));
  for (const name of differing) assert.ok(said.some((line) => line.trimStart().startsWith(`${name} `)), stderr);
  assert.doesNotMatch(stderr, /no criu in PATH|no known fault of criu explains it/);
});
