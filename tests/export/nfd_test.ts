/** What `cready export nfd` writes, by the rules of NFD's local source and of Kubernetes' names. */
import assert from "node:assert/strict";
import { fleetRecord } from "../../report/fleet.ts";
import { NFD_LIMIT, NFD_NAMESPACE, nfdFile } from "../../report/nfd.ts";
import { cready, Folder, ran } from "../fleet/program.ts";
import { MACHINE, machine } from "../unit/machine_report.ts";

const BINARY = new URL("../../dist/cready", import.meta.url).pathname;

/** A name or a value of a label: 63 characters at most, a letter or digit at both ends; a value may be empty. */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/$/;

/** The labels and the features without a label, as NFD reads them; whatever it would log an error about is a failure. */
function read(text: string, now: Date): { labels: Map<string, string>; features: Map<string, string> } {
  assert(new TextEncoder().encode(text).length <= NFD_LIMIT);
  const labels = new Map<string, string>(), features = new Map<string, string>();
  let until = Infinity, noLabel = false;
  for (const line of text.split("\n")) {
    const directive = /^# \+(.*)$/.exec(line)?.[1];
    if (directive !== undefined) {
      const time = /^expiry-time=(.*)$/.exec(directive)?.[1];
      if (time !== undefined) until = Date.parse(time);
      else noLabel = assert.equal(directive, "no-label") === undefined;
      assert(!Number.isNaN(until));
    } else if (line !== "" && !line.startsWith("#")) {
      const at = line.indexOf("=");
      const [key, value] = [line.slice(0, at), line.slice(at + 1)];
      const name = key.slice(key.indexOf("/") + 1);
      assert.match(key.slice(0, key.length - name.length), PREFIX);
      assert.match(name, NAME, line);
      assert(value === "" || NAME.test(value), line);
      assert(!features.has(key), `twice: ${key}`);
      if (until > now.getTime()) {
        features.set(key, value);
        if (!noLabel) labels.set(key, value);
      }
      noLabel = false;
    }
  }
  return { labels, features };
}

Deno.test("few labels, all else without, and everything expires", async () => {
  const { code, stdout, stderr } = await cready("export", "nfd", "--interval", "100");
  assert.deepEqual([code, stderr], [0, ""]);
  const { labels, features } = read(stdout, new Date());
  assert(labels.size >= 3 && labels.size <= 5, [...labels].join(" "));
  assert.match(labels.get(`${NFD_NAMESPACE}/cpu.compat-id`)!, /^[0-9a-f]{12}$/);
  assert.match(features.get(`${NFD_NAMESPACE}/feature.timens`)!, /^(supported|unsupported|blocked|inconclusive)$/);
  assert.equal(read(stdout, new Date(Date.now() + 301_000)).features.size, 0);
  assert(read(stdout, new Date(Date.now() + 200_000)).features.size > 60);
});

Deno.test("whatever a machine says of itself makes no line that NFD refuses", () => {
  const odd = machine({
    criu: { ...MACHINE.criu!, version: "4.2~rc1+dfsg\n# +no-feature -", plugins: ["-x-", "é".repeat(100)] },
    tool: "cready 1",
  });
  const { labels } = read(nfdFile(fleetRecord(odd, 1), new Date(Date.now() + 1000)), new Date());
  assert.equal(labels.get(`${NFD_NAMESPACE}/criu.version`), "4.2_rc1_dfsg____no-feature");
});

Deno.test("a file is replaced all at once, never through a link, and left as it was where that fails", async () => {
  await using folder = new Folder();
  Deno.writeTextFileSync(folder.at("other"), "other");
  Deno.symlinkSync("other", folder.at("cready"));
  assert.equal((await cready("export", "nfd", "-o", folder.at("cready"))).code, 0);
  assert.equal(Deno.readTextFileSync(folder.at("other")), "other");
  assert(Deno.lstatSync(folder.at("cready")).isFile);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), ["cready", "other"]);
  const before = Deno.readTextFileSync(folder.at("cready"));
  const full = await ran("sh", [
    "-c",
    `ulimit -f 4; trap '' XFSZ; exec "$0" export nfd -o "$1"`,
    BINARY,
    folder.at("cready"),
  ]);
  assert.equal(full.code, 2, full.stderr);
  assert.match(full.stderr, /^Error \(cready\/export\): Cannot write .*: EFBIG\n$/);
  assert.equal(Deno.readTextFileSync(folder.at("cready")), before);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), ["cready", "other"]);
});

Deno.test("others may read the file, whatever the umask is, and nobody may write it", async () => {
  await using folder = new Folder();
  for (const umask of ["077", "000"]) {
    const { code, stderr } = await ran("sh", [
      "-c",
      `umask ${umask}; exec "$0" export nfd -o "$1"`,
      BINARY,
      folder.at("f"),
    ]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(Deno.statSync(folder.at("f")).mode! & 0o777, 0o644);
  }
});

Deno.test("--repeat writes again, until a signal ends it", async () => {
  await using folder = new Folder();
  const child = new Deno.Command(BINARY, {
    args: ["export", "nfd", "--repeat", "--interval", "1", "-o", folder.at("f")],
    stdin: "null",
  }).spawn();
  const made = async (after: string) => {
    for (const end = performance.now() + 60_000; performance.now() < end;) {
      const text = await Deno.readTextFile(folder.at("f")).catch(() => "");
      if (text !== "" && text !== after) return text;
      await new Promise((go) => setTimeout(go, 50));
    }
    throw new Error("nothing was written");
  };
  try {
    const first = await made("");
    read(await made(first), new Date());
  } finally {
    child.kill("SIGTERM");
  }
  assert.equal((await child.status).signal, "SIGTERM");
});

const WRONG: readonly (readonly [words: readonly string[], sentence: RegExp])[] = [
  [[], /export takes nfd or prometheus$/m],
  [["xml"], /export takes nfd or prometheus, not xml/],
  [["nfd", "x"], /one word too many for export: x/],
  [["nfd", "--interval", "0"], /invalid argument for --interval: 0/],
  [["nfd", "--interval", "9999999"], /invalid argument for --interval/],
  [["nfd", "--repeat"], /--repeat is for --output FILE/],
  [["nfd", "-o", "/nowhere/x"], /Cannot write \/nowhere\/x: ENOENT/],
  [["nfd", "-o", "/"], /Cannot write \/: /],
];
for (const [words, sentence] of WRONG) {
  Deno.test(`export ${words.join(" ")} is one sentence and exit code 2`, async () => {
    const { code, stdout, stderr } = await cready("export", ...words);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^Error \(cready\/export\): [^\n]+\n$/);
    assert.match(stderr, sentence);
  });
}
