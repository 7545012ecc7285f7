/** What `cready export nfd` writes, in the hands of Node Feature Discovery itself; and the manifests, of Kubernetes' types. */
import assert from "node:assert/strict";
import { fleetRecord } from "../../report/fleet.ts";
import { NFD_NAMESPACE, nfdFile } from "../../report/nfd.ts";
import { cready, Folder, type Ran, ran } from "../fleet/program.ts";
import { MACHINE, machine } from "../unit/machine_report.ts";

const root = new URL("../../", import.meta.url);
const packaging = new URL("packaging/kubernetes/", root).pathname;
const FEATURES_D = "/etc/kubernetes/node-feature-discovery/features.d";

const built = new Deno.Command(new URL("scripts/nfd", root), { stderr: "inherit" }).outputSync();
const NFD = new TextDecoder().decode(built.stdout).trim();
if (!built.success || !NFD) {
  throw new Error("Node Feature Discovery's reader could not be built: these tests ask it, and are not skipped");
}

interface Discovered {
  readonly features: Record<string, string>;
  readonly labels: Record<string, string>;
  /** Labels that NFD would not set, and why. */
  readonly refused: Record<string, string>;
  /** The labels of each rule of packaging/kubernetes/nodefeaturerule.yaml. */
  readonly rules: readonly Record<string, string>[];
}

/** NFD reads one folder only: each run sees a machine of its own in whose place there is ours. */
function asNfd(folder: string): Promise<Ran> {
  const machine = ["--ro-bind", "/", "/", "--tmpfs", "/etc", "--ro-bind", folder, FEATURES_D];
  return ran("bwrap", [...machine, NFD, "features", `${packaging}nodefeaturerule.yaml`]);
}

/** What NFD makes of a folder; whatever it complains about is a failure. */
async function discovered(folder: string): Promise<Discovered> {
  const { code, stdout, stderr } = await asNfd(folder);
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

/** What NFD makes of one text. */
async function discoveredText(text: string): Promise<Discovered> {
  await using folder = new Folder();
  Deno.writeTextFileSync(folder.at("cready"), text);
  return await discovered(folder.path);
}

const label = (name: string) => `${NFD_NAMESPACE}/${name}`;
const soon = () => new Date(Date.now() + 600_000);

Deno.test("NFD takes all that this machine says, and sets the few labels", async () => {
  await using folder = new Folder();
  assert.equal((await cready("export", "nfd", "-o", folder.at("cready"))).code, 0);
  // What a writer that was killed leaves behind is passed over.
  Deno.writeTextFileSync(folder.at(".cready.1"), "broken");
  const { features, labels, refused } = await discovered(folder.path);
  assert.deepEqual(refused, {});
  const given = Object.keys(labels).map((key) => key.slice(NFD_NAMESPACE.length + 1));
  assert(given.length >= 3 && given.length <= 5, given.join(" "));
  const written = Deno.readTextFileSync(folder.at("cready")).split("\n").filter((line) => /^[^#]/.test(line));
  assert.deepEqual(Object.entries(features).map(([key, value]) => `${key}=${value}`).sort(), written.sort());
  const { kernel } = JSON.parse((await cready("report")).stdout);
  for (const { id, verdict } of kernel.findings) assert.equal(features[label(`feature.${id}`)], verdict.toLowerCase());
});

Deno.test("NFD forgets all of it when it has expired", async () => {
  const record = fleetRecord(MACHINE, 1);
  const { features, labels } = await discoveredText(nfdFile(record, new Date(Date.now() - 1000)));
  assert.deepEqual([features, labels], [{}, {}]);
  assert.notDeepEqual((await discoveredText(nfdFile(record, soon()))).labels, {});
});

Deno.test("NFD refuses nothing of a machine with odd names, and complains about a directive that it does not know", async () => {
  const odd = machine({
    criu: { ...MACHINE.criu!, version: "4.2~rc1+dfsg\n# +no -", plugins: ["-x-", "\u00e9".repeat(100)] },
  });
  const text = nfdFile(fleetRecord(odd, 1), soon());
  const { labels, refused } = await discoveredText(text);
  assert.deepEqual(refused, {});
  assert.match(labels[label("criu.version")]!, /^4\.2_rc1_dfsg/);
  await using folder = new Folder();
  Deno.writeTextFileSync(folder.at("cready"), text.replace("+expiry-time", "+expires"));
  assert.match((await asNfd(folder.path)).stderr, /unknown feature file directive/);
});

Deno.test("NFD's matcher gives the labels of the rules to machines that have the features, and to no others", async () => {
  const having = (verdicts: Readonly<Record<string, "UNSUPPORTED" | "BLOCKED" | "INCONCLUSIVE">>) => {
    const findings = MACHINE.kernel.findings.map((one) => ({
      ...one,
      verdict: verdicts[one.id] ?? "SUPPORTED" as const,
    }));
    return machine({ kernel: { ...MACHINE.kernel, findings } });
  };
  const rules = async (report: typeof MACHINE) => {
    const made = await discoveredText(nfdFile(fleetRecord(report, 1), soon()));
    return made.rules.flatMap((labels) => Object.entries(labels)).map(([key, value]) => `${key}=${value}`);
  };
  const [preDump, lazyPages, tcp] = ["pre-dump", "lazy-pages", "tcp"].map((name) => `${label(name)}=true`);
  assert.deepEqual(await rules(having({})), [preDump, lazyPages, tcp]);
  assert.deepEqual(await rules(having({ tcp_half_closed: "UNSUPPORTED" })), [preDump, lazyPages]);
  assert.deepEqual(await rules(having({ uffd_noncoop: "INCONCLUSIVE" })), [preDump, tcp]);
  assert.deepEqual(await rules(having({ mem_dirty_track: "BLOCKED" })), [lazyPages, tcp]);
});

const MANIFESTS: readonly (readonly [file: string, kind: string, from: string, to: string])[] = [
  ["daemonset.yaml", "DaemonSet", "hostPID:", "hostPIDs:"],
  ["nodefeaturerule.yaml", "NodeFeatureRule", "matchExpressions:", "matchExpression:"],
];
for (const [file, kind, from, to] of MANIFESTS) {
  Deno.test(`Kubernetes' own types take ${file}, strictly`, async () => {
    assert.deepEqual(await ran(NFD, ["decode", packaging + file]), { code: 0, stdout: `${kind}\n`, stderr: "" });
    await using folder = new Folder();
    Deno.writeTextFileSync(folder.at(file), Deno.readTextFileSync(packaging + file).replace(from, to));
    const { code, stderr } = await ran(NFD, ["decode", folder.at(file)]);
    assert.equal(code, 1);
    assert.match(stderr, /unknown field/);
  });
}
