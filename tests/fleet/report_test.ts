/** `cready report` and `cready compare` as a user runs them. */
import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { MachineReport } from "../../fleet/document.ts";
import { buildId, dynamicSymbols } from "../../host/elf.ts";
import { cready, Folder, ran } from "./program.ts";

const root = new URL("../../", import.meta.url);
const BINARY = new URL("dist/cready", root).pathname;
const ajv = new Ajv2020({ strict: true, validateFormats: false });
const published = (name: string): ValidateFunction =>
  ajv.compile(JSON.parse(Deno.readTextFileSync(new URL(`schema/json/${name}.json`, root))));
const schemas = {
  report: published("report"),
  compare: published("compare"),
  matrix: published("matrix"),
  restore: published("restore"),
};

function fits(name: keyof typeof schemas, text: string): void {
  assert(schemas[name](JSON.parse(text)), JSON.stringify(schemas[name].errors));
}

const made = new Folder();
globalThis.addEventListener("unload", () => Deno.removeSync(made.path, { recursive: true }));
const HERE = made.at("here.json");
const printed = await cready("report");
Deno.writeTextFileSync(HERE, printed.stdout);
const here: MachineReport = JSON.parse(printed.stdout);

/** A file with the report, changed. */
function changed(name: string, change: Partial<MachineReport>): string {
  Deno.writeTextFileSync(made.at(name), JSON.stringify({ ...here, ...change }));
  return made.at(name);
}

Deno.test("the report fits its published schema, and says what other programs say", async () => {
  assert.deepEqual([printed.code, printed.stderr], [0, ""]);
  fits("report", printed.stdout);
  assert.equal(here.kernel.release, (await ran("uname", ["-r"])).stdout.trim());
  assert.equal(here.machine, (await ran("uname", ["-n"])).stdout.trim());
  assert.equal(here.architecture, (await ran("uname", ["-m"])).stdout.trim());
  assert.equal(String(here.kernel.pageSize), (await ran("getconf", ["PAGESIZE"])).stdout.trim());
  for (const { name, value } of here.sysctls) {
    if (value !== null) {
      assert.equal(value, Deno.readTextFileSync(`/proc/sys/${name.replaceAll(".", "/")}`).trim(), name);
    }
  }
  const symbols = here.vdso!.symbols;
  for (const name of ["__vdso_clock_gettime", "__vdso_gettimeofday"]) assert(symbols.includes(name), symbols.join(" "));
  assert.deepEqual(
    here.namespaces.map(({ kind }) => kind),
    [...Deno.readDirSync("/proc/self/ns")].map(({ name }) => name).filter((name) => !name.includes("_")).sort(),
  );
});

Deno.test("the findings are those of check --all, by the same names", async () => {
  const check = JSON.parse((await cready("check", "--all", "--json")).stdout) as {
    findings: { feature: { id: string }; verdict: string }[];
  };
  const verdicts = new Map(here.kernel.findings.map(({ id, verdict }) => [id, verdict]));
  for (const { feature, verdict } of check.findings) {
    // A busy machine may keep a child from answering in time, once or the other time.
    const both = [verdicts.get(feature.id), verdict];
    if (!both.includes("INCONCLUSIVE")) assert.equal(both[0], both[1], feature.id);
  }
});

Deno.test("the sizes of the xsave area agree: by CPUID, by ptrace, by the signal frame", () => {
  const cpu = here.cpu!;
  assert.equal(cpu.source, "CPUID_INSTRUCTION");
  assert.equal(cpu.xsaveSizeInUse, cpu.xsaveSize);
  assert(cpu.signalFrameSize === null || cpu.signalFrameSize > cpu.xsaveSize!);
  const told = /^flags\s*: (.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))![1]!.split(" ");
  for (const name of ["sse2", "avx", "avx2", "fma", "avx512f", "amx_tile", "avx_vnni"]) {
    // The kernel may hide one, or be older than its name.
    assert(!told.includes(name) || cpu.instructions.includes(name), name);
  }
});

Deno.test("no environment, no command line and no process is in it", async () => {
  const { stdout } = await ran("sh", ["-c", `"$0" report; : --password=hush-hush`, BINARY], { TOKEN: "hush-hush" });
  fits("report", stdout);
  assert.doesNotMatch(stdout, /hush-hush|password|TOKEN/);
});

Deno.test("a user without rights gets a report too, which says so", async () => {
  await using folder = new Folder();
  Deno.chmodSync(folder.path, 0o755);
  Deno.copyFileSync(BINARY, folder.at("cready"));
  Deno.chmodSync(folder.at("cready"), 0o755);
  const { code, stdout, stderr } = await ran("setpriv", [
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    folder.at("cready"),
    "report",
  ]);
  assert.deepEqual([code, stderr], [0, ""]);
  fits("report", stdout);
  const report: MachineReport = JSON.parse(stdout);
  assert.equal(report.privilege.uid, 65534);
  assert.deepEqual(report.privilege.capabilities, []);
  assert.equal(report.cpu!.compatId, here.cpu!.compatId);
});

Deno.test("report --pid carries what a tree uses, and nothing that tells its secrets", async () => {
  const child = new Deno.Command("unshare", {
    args: ["--uts", "setsid", "sh", "-c", "sleep 1000; : hush-hush"],
    env: { TOKEN: "hush-hush" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const sleeps = () => Deno.readTextFileSync(`/proc/${child.pid}/task/${child.pid}/children`).trim() !== "";
    while (!sleeps()) await new Promise((go) => setTimeout(go, 5));
    const { code, stdout, stderr } = await cready("report", "--pid", String(child.pid));
    assert.deepEqual([code, stderr], [0, ""]);
    fits("report", stdout);
    assert.doesNotMatch(stdout, /hush-hush/);
    const { process } = JSON.parse(stdout) as MachineReport;
    assert.deepEqual([process?.name, process?.tasks, process?.namespaces], ["sh", 2, ["uts"]]);
    assert(process!.highestPid >= child.pid && process!.mappings > 5);
    Deno.writeTextFileSync(made.at("tree.json"), stdout);
    const compared = await cready("compare", "--all", "--cpu", "none", made.at("tree.json"), HERE);
    assert.match(compared.stdout, /^ {2}\w+ +tree(\.\w+)? /m);
  } finally {
    for (const pid of Deno.readTextFileSync(`/proc/${child.pid}/task/${child.pid}/children`).trim().split(" ")) {
      Deno.kill(Number(pid), "SIGKILL");
    }
    await child.status;
  }
  const gone = await cready("report", "--pid", String(child.pid));
  assert.deepEqual([gone.code, gone.stdout], [2, ""]);
  assert.match(gone.stderr, /^Error \(cready\/report\): There is no process \d+\n$/);
  assert.match((await cready("report", "--pid", "1x")).stderr, /invalid argument for --pid: 1x/);
});

Deno.test("compare: words, streams and exit codes", async () => {
  const good = {
    criu: { path: "/usr/sbin/criu", version: "4.2", fault: null, plugins: [], configFiles: [] },
    kernel: supported(here),
  };
  const source = changed("source.json", good);
  const risky = changed("risky.json", { ...good, criu: null });
  const old = changed("old.json", {
    ...good,
    cpu: {
      ...here.cpu!,
      capabilityWords: here.cpu!.capabilityWords.map((_, i) => i === 3 ? "0x00110000" : "0x00000000"),
    },
  });
  const partial = changed("partial.json", { ...good, cpu: { ...here.cpu!, source: "PROC_CPUINFO", compatId: null } });
  const rows: [string[], number, RegExp][] = [
    [[source, source], 0, /^Looks good: .*\n(.*\n)*\d+ same\n$/],
    [[source, risky], 3, /^May fail: .*\n {2}risk +criu/],
    [[source, old], 1, /^Does not look good: .*\n {2}blocks +cpu\.\w+ +yes -> no\n/],
    [["--cpu", "none", source, old], 0, /^Looks good: /],
    [[source, partial], 4, /^Cannot tell: .*\n {2}unknown +cpu\.target-known/],
    [["--all", source, source], 0, /^ {2}same +architecture +x86_64$/m],
    [["--quiet", source, old], 1, /^$/],
    [["--help"], 0, /^Usage: cready compare/],
  ];
  for (const [words, code, text] of rows) {
    const result = await cready("compare", ...words);
    assert.equal(result.code, code, result.stdout + result.stderr);
    assert.match(result.stdout, text);
    assert.equal(result.stderr, "");
  }
  const json = await cready("compare", "--json", source, old);
  fits("compare", json.stdout);
  assert.equal(JSON.parse(json.stdout).verdict, "BLOCKED");
});

function supported({ kernel }: MachineReport): MachineReport["kernel"] {
  return {
    ...kernel,
    findings: kernel.findings.map((finding) => ({ ...finding, verdict: "SUPPORTED", reason: null })),
  };
}

Deno.test("compare: without a target it is this machine, and what comes before is read first", async () => {
  const { stdout } = await cready("compare", "--json", HERE);
  const { target, items } = JSON.parse(stdout);
  assert.equal(target, "this machine");
  assert.deepEqual(
    items.filter((item: { id: string; severity: string }) => item.id.startsWith("cpu") && item.severity !== "same"),
    [],
  );
});

Deno.test("what is asked wrongly is one sentence and exit code 2", async () => {
  const image = new URL("tests/testdata/cpuinfo/Haswell.img", root).pathname;
  const rows: [string[], RegExp][] = [
    [["report", "x"], /report takes no word, but there is x/],
    [["report", "--cpuinfo-img", "/nowhere"], /Cannot write \/nowhere\/cpuinfo\.img: ENOENT/],
    [["report", "--pretty"], /unrecognized option '--pretty'/],
    [["compare"], /compare takes SOURCE\.json/],
    [["compare", HERE, HERE, HERE], /one word too many for compare/],
    [["compare", "/nowhere"], /Cannot read \/nowhere: ENOENT/],
    [["compare", "/"], /Cannot read \/: EISDIR/],
    [["compare", "/dev/zero"], /\/dev\/zero is larger than any report/],
    [
      ["compare", "--cpu", "some", HERE],
      /invalid argument for --cpu: some; there is none, fpu, ins, cpu, criu-default, safe/,
    ],
    [["compare", image], /Haswell\.img is no report: it is no whole JSON document/],
    [["compare", "--cpuinfo-img", HERE], /is no image of that name/],
    [["compare", "--matrix"], /compare --matrix takes the reports/],
    [["compare", "--images", "/nowhere", "a", "b"], /one word too many/],
    [
      ["compare", changed("later.json", { schemaVersion: 2 as 1 })],
      /has schema version 2; this cready reads version 1: update it/,
    ],
    [
      ["compare", changed("esc.json", { lsm: { active: [], criu: "\u001b[31mred" as "NO_LSM" } })],
      /lsm\.criu is not one of/,
    ],
  ];
  for (const [words, sentence] of rows) {
    const { code, stdout, stderr } = await cready(...words);
    assert.deepEqual([code, stdout], [2, ""], words.join(" "));
    assert.match(stderr, /^Error \(cready\/(report|compare)\): [^\n]+\n$/);
    assert.match(stderr, sentence);
  }
});

Deno.test("control bytes of a foreign report do not reach the terminal", async () => {
  const evil = changed("evil.json", {
    kernel: { ...here.kernel, release: "6.1\u001b]0;owned\u0007" },
    vdso: { sizeBytes: 1, symbols: ["\u001b[2J"] },
  });
  for (const words of [[evil, HERE], [HERE, evil]]) {
    const { stdout } = await cready("compare", "--all", ...words);
    // deno-lint-ignore no-control-regex -- control bytes are what is looked for
    assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f]/);
  }
});

Deno.test("compare --matrix: a thousand machines of five kinds, who can restore whose dumps", async () => {
  const kinds: Partial<MachineReport>[] = [
    {},
    { architecture: "aarch64", cpu: null },
    {
      cpu: {
        ...here.cpu!,
        compatId: "aaaaaaaaaaaa",
        capabilityWords: here.cpu!.capabilityWords.map(() => "0x00000000"),
      },
    },
    { cpu: { ...here.cpu!, compatId: "bbbbbbbbbbbb", xsaveSize: 64, xsaveSizeMax: 64 } },
    { cgroups: { version: "NONE", controllers: [] } },
  ];
  const files = Array.from(
    { length: 1000 },
    (_, i) => changed(`node-${i}.json`, { ...kinds[i % kinds.length], machine: `node-${i}` }),
  );
  const { code, stdout, stderr } = await cready("compare", "--matrix", "--json", ...files);
  assert.deepEqual([code, stderr], [0, ""]);
  fits("matrix", stdout);
  const { groups, classes, verdicts } = JSON.parse(stdout);
  assert.deepEqual(groups.map(({ machines }: { machines: string[] }) => machines.length), [400, 200, 200, 200]);
  assert.equal(classes.length, 5);
  assert.equal(verdicts[0][1], "BLOCKED");
  assert.equal(verdicts[0][2], "BLOCKED");
  const text = await cready("compare", "--matrix", ...files);
  assert.match(text.stdout, /^1000 machines, 4 compat-ids, 5 classes\n/);
  assert.match(text.stdout, /^\w+ +node-0 node-4 node-5 node-9 and 396 more$/m);
});

Deno.test("the build-id of a program is that of readelf, and a library has the symbols of its table", () => {
  const path = "/bin/sleep";
  const said = new TextDecoder().decode(
    new Deno.Command("readelf", { args: ["-n", path], env: { LC_ALL: "C" } }).outputSync().stdout,
  );
  const id = /Build ID: ([0-9a-f]+)/.exec(said)?.[1];
  assert.equal(buildId(Deno.readFileSync(path)), id);
  assert.equal(buildId(new TextEncoder().encode("#!/bin/sh\n".repeat(20))), undefined);
  assert.equal(dynamicSymbols(new Uint8Array(10)), undefined);
});
