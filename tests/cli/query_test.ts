/** `cready query` and `cready schema`, in process. */
import assert from "node:assert/strict";
import { buildSchema, validateSchema } from "graphql";
import { PROBES } from "../../probes/registry.ts";
import { cready, publicCopy, spawn } from "./binary.ts";

const NOBODY = [
  "setpriv",
  "--reuid=65534",
  "--regid=65534",
  "--clear-groups",
  "--bounding-set=-all",
  "--inh-caps=-all",
];

/** Words, exit code and answer. */
const ANSWERS: readonly (readonly [words: readonly string[], code: number, answer: RegExp | unknown])[] = [
  [["{ host { kernel } }"], 0, { data: { host: { kernel: Deno.osRelease() } } }],
  [["{ features { id } }"], 0, { data: { features: PROBES.map(({ id }) => ({ id })) } }],
  [['query A { a: feature(name: "tun") { id } } query B { b: feature(name: "nsid") { id } }', "--operation", "B"], 0, {
    data: { b: { id: "nsid" } },
  }],
  [["query($n: String!) { feature(name: $n) { id } }", "--variables", '{"n":"tun"}'], 0, {
    data: { feature: { id: "tun" } },
  }],
  [["--variables={}", "--", "{ __typename }"], 0, { data: { __typename: "Query" } }],
  [["{ check { outcome } }"], 0, /^\{"data":\{"check":\{"outcome":"(GOOD|MAYBE|BAD|UNKNOWN)"\}\}\}\n$/],
  [["{ nope }"], 1, /"code":"GRAPHQL_VALIDATION_FAILED"/],
  [["{ host"], 1, /"code":"GRAPHQL_PARSE_FAILED"/],
  [[""], 1, /"code":"GRAPHQL_PARSE_FAILED"/],
  [["mutation { check { outcome } }"], 1, /"code":"GRAPHQL_VALIDATION_FAILED"/],
  [["query A { __typename } query B { __typename }"], 1, /"code":"OPERATION_RESOLUTION_FAILURE"/],
  [["query A { __typename }", "--operation", "B"], 1, /"code":"OPERATION_RESOLUTION_FAILURE"/],
  [["query($n: String!) { feature(name: $n) { id } }"], 1, /"code":"BAD_USER_INPUT"/],
  [['{ features(names: ["tnu"]) { id } }'], 1, /Cannot find a feature named \\"tnu\\".*"code":"BAD_USER_INPUT"/],
  [["subscription { changes(everySeconds: 0) { verdict } }"], 1, /"code":"BAD_USER_INPUT"/],
  [["{a".repeat(50_000)], 1, /more than 100 brackets within each other/],
  [[`{ ${"host{kernel} ".repeat(9000)} }`], 1, /more than 10000 tokens/],
];

for (const [words, code, answer] of ANSWERS) {
  Deno.test(`query ${words.join(" ").slice(0, 100)} ends with ${code}`, async () => {
    const result = await cready(["query", ...words]);
    assert.deepEqual([result.code, result.stderr], [code, ""], result.stdout);
    assert.match(result.stdout, /^[^\n]+\n$/);
    if (answer instanceof RegExp) assert.match(result.stdout, answer);
    else assert.deepEqual(JSON.parse(result.stdout), answer);
    assert.doesNotMatch(result.stdout, /\.(ts|js):|\n\s+at /);
  });
}

/** Wrong usage: 2 and one sentence. */
const USAGE: readonly (readonly [words: readonly string[], sentence: RegExp])[] = [
  [[], /query takes one query, or -f FILE, or -/],
  [["{ __typename }", "{ __typename }"], /query takes one query/],
  [["-f", "/etc/hostname", "{ __typename }"], /query takes one query/],
  [["-f", "/nonexistent"], /cannot read \/nonexistent: ENOENT/],
  [["-f", "/"], /cannot read \/: EISDIR/],
  [["-f", "/dev/zero"], /\/dev\/zero is larger than 1 MB/],
  [["{ __typename }", "--variables", "{"], /--variables is not JSON/],
  [["{ __typename }", "--variables", "[1]"], /--variables must be a JSON object/],
  [["{ __typename }", "--variables", "null"], /--variables must be a JSON object/],
  [["{ __typename }", "--token-file", "/etc/hostname"], /--token-file is for --connect/],
  [["{ __typename }", "--connect", "ftp://x"], /--connect takes unix:PATH, http:/],
  [["{ __typename }", "--connect", "http://10.0.0.1:80"], /--connect takes/],
  [["{ __typename }", "--connect", "http://127.0.0.1"], /--connect takes/],
  [["{ __typename }", "--connect", "unix:"], /--connect takes/],
  [["{ __typename }", "--frob"], /unrecognized option '--frob'/],
];

for (const [words, sentence] of USAGE) {
  Deno.test(`query ${words.join(" ")} is wrong usage`, async () => {
    const { code, stdout, stderr } = await cready(["query", ...words]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^Error \(cready\/query\): [^\n]+\n$/);
    assert.match(stderr, sentence);
  });
}

Deno.test("query reads a file, and its standard input", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/q`, "# a comment\n{ __typename }\n");
    for (const words of [["-f", `${folder}/q`], ["--file", `${folder}/q`]]) {
      const { code, stdout } = await cready(["query", ...words]);
      assert.deepEqual([code, stdout], [0, '{"data":{"__typename":"Query"}}\n']);
    }
    const piped = await cready(["query", "-"], { stdin: "{ __typename }" });
    assert.deepEqual([piped.code, piped.stdout], [0, '{"data":{"__typename":"Query"}}\n']);
    await Deno.writeFile(`${folder}/q`, new Uint8Array([0x7b, 0xff, 0x7d]));
    const latin = await cready(["query", "-f", `${folder}/q`]);
    assert.deepEqual([latin.code, latin.stderr], [2, `Error (cready/query): ${folder}/q is not UTF-8\n`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("query gives what check --json gives, apart from times", async () => {
  const program = await publicCopy();
  const text = Deno.readTextFileSync(new URL("../../schema/check.graphql", import.meta.url));
  const timeless = (value: unknown) => JSON.parse(JSON.stringify(value, (key, one) => key === "durationMs" ? 0 : one));
  for (const through of [[], NOBODY]) {
    const [checked, queried] = await Promise.all([
      cready(["check", "--all", "--json"], { program, through }),
      cready(["query", text, "--variables", '{"scope":"ALL"}'], { program, through }),
    ]);
    assert.equal(queried.code, 0, queried.stdout);
    const ours = timeless(JSON.parse(queried.stdout).data.check), theirs = timeless(JSON.parse(checked.stdout));
    assert.deepEqual(
      ours.findings.map((one: { feature: unknown; verdict: string }) => [one.feature, one.verdict]),
      theirs.findings.map((one: { feature: unknown; verdict: string }) => [one.feature, one.verdict]),
    );
    assert.deepEqual({ ...ours, findings: [] }, { ...theirs, findings: [] });
  }
});

Deno.test("query prints each event of a subscription as it comes, and ends with the last", async () => {
  const { code, stdout } = await cready([
    "query",
    "subscription { check(scope: ALL) { __typename ... on Finding { feature { id } } ... on CheckReport { findings { feature { id } } } } }",
  ]);
  assert.equal(code, 0);
  const list = stdout.trimEnd().split("\n").map((line) => JSON.parse(line).data.check);
  const report = list.pop();
  assert.deepEqual(
    list.map(({ feature }) => feature),
    report.findings.map(({ feature }: { feature: unknown }) => feature),
  );
});

Deno.test("query goes on watching until it is told to end, and prints nothing while nothing changes", async () => {
  const child = spawn([
    `${new URL("../../dist/cready", import.meta.url).pathname}`,
    "query",
    "subscription { changes(scope: REQUIRED, everySeconds: 1) { verdict } }",
  ], crypto.randomUUID());
  const reader = child.stdout.getReader();
  const first = reader.read();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  child.kill("SIGINT");
  assert.deepEqual(await first, { done: true, value: undefined });
  const { signal } = await child.status;
  assert.equal(signal, "SIGINT");
  await child.stderr.cancel();
});

Deno.test("schema prints a valid schema, and takes no words", async () => {
  const { code, stdout, stderr } = await cready(["schema"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(validateSchema(buildSchema(stdout)), []);
  const more = await cready(["schema", "more"]);
  assert.deepEqual([more.code, more.stdout, more.stderr], [2, "", "Error (cready/schema): schema takes no words\n"]);
});

for (const name of ["query", "schema", "serve"]) {
  Deno.test(`${name} --help names each of its options`, async () => {
    const { code, stdout } = await cready([name, "--help"]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^Usage: cready ${name}`));
    for (const line of stdout.split("\n")) assert.ok(line.length <= 120, line);
    assert.match(stdout, /-h, --help/);
  });
}

for (const name of ["prober", "keeper"]) {
  Deno.test(`${name}, which only serve runs, does nothing for others`, async () => {
    const { code, stdout } = await cready([name]);
    assert.ok([0, 1].includes(code));
    assert.equal(stdout, "");
    for (const help of [["--help"], []]) assert.ok(!(await cready(help)).stdout.includes(name));
  });
}
