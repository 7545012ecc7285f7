/** What `cready export prometheus` writes, in the hands of the real promtool, node_exporter and Prometheus. */
import assert from "node:assert/strict";
import { bitNames } from "../../cpu/compat_id.ts";
import type { MachineReport } from "../../fleet/document.ts";
import { matrixOf } from "../../fleet/matrix.ts";
import { vectorOf } from "../../fleet/vector.ts";
import { fleetRecord } from "../../report/fleet.ts";
import { prometheusText } from "../../report/prometheus.ts";
import { cready, Folder } from "../fleet/program.ts";
import { MACHINE, machine, withCpu, withVerdict, withWord } from "../unit/machine_report.ts";
import { freePort, promtool, Server, until } from "./prometheus.ts";

const rules = new URL("../../packaging/prometheus/", import.meta.url).pathname;

Deno.test("promtool finds nothing wrong with the metrics of this machine", async () => {
  const { stdout } = await cready("export", "prometheus");
  assert.deepEqual(await promtool(["check", "metrics"], stdout), { code: 0, text: "" });
  const bad = await promtool(["check", "metrics"], stdout.replaceAll("_seconds", "_ms"));
  assert.notEqual(bad.text, "", "promtool says what is wrong");
});

Deno.test("promtool passes the alert rules and their unit tests", async () => {
  const checked = await promtool(["check", "rules", `${rules}cready.rules.yml`]);
  assert.equal(checked.code, 0, checked.text);
  const tested = await promtool(["test", "rules", `${rules}cready.rules.test.yml`]);
  assert.equal(tested.code, 0, tested.text);
});

interface Alert {
  readonly labels: Record<string, string>;
  readonly state: string;
}

Deno.test("node_exporter and Prometheus take two generations, and alert on what was lost and on silence", async () => {
  await using folder = new Folder();
  Deno.mkdirSync(folder.at("textfile"));
  const file = folder.at("textfile/cready.prom");
  const first = await cready("export", "prometheus", "-o", file);
  assert.deepEqual(first, { code: 0, stdout: "", stderr: "" });
  assert.deepEqual([...Deno.readDirSync(folder.at("textfile"))].map(({ name }) => name), ["cready.prom"]);

  const [exporterPort, port] = [freePort(), freePort()];
  await using exporter = await Server.start("prometheus-node-exporter", exporterPort, "/metrics", [
    "--collector.disable-defaults",
    "--collector.textfile",
    `--collector.textfile.directory=${folder.at("textfile")}`,
    `--web.listen-address=127.0.0.1:${exporterPort}`,
  ]);
  const page = await (await fetch(`${exporter.url}/metrics`)).text();
  assert.match(page, /^node_textfile_scrape_error 0$/m);
  assert.match(page, /^cready_last_check_timestamp_seconds [\d.e+]+$/m);

  Deno.writeTextFileSync(
    folder.at("prometheus.yml"),
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ["${rules}cready.rules.yml"]
scrape_configs: [{ job_name: node, static_configs: [{ targets: ["127.0.0.1:${exporterPort}"] }] }]
`,
  );
  await using prometheus = await Server.start("prometheus", port, "/-/ready", [
    `--config.file=${folder.at("prometheus.yml")}`,
    `--storage.tsdb.path=${folder.at("tsdb")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const firing = async () => {
    const { data } = await prometheus.json("/api/v1/alerts") as { data: { alerts: Alert[] } };
    return data.alerts.filter(({ state }) => state === "firing");
  };
  const series = await until("the first scrape", async () => {
    const found = await prometheus.query("cready_feature_supported == 1");
    return found.length > 0 ? found : undefined;
  });
  assert.deepEqual(await firing(), []);

  // The second generation: one feature less, as after an update of the kernel.
  const lost = series.find(({ metric }) => metric.category === "EXTRA")!.metric.feature!;
  const second = (await cready("export", "prometheus")).stdout;
  Deno.writeTextFileSync(folder.at("next"), second.replace(new RegExp(`(feature="${lost}".*) 1$`, "m"), "$1 0"));
  Deno.renameSync(folder.at("next"), file);
  const alerts = await until("an alert", async () => {
    const found = await firing();
    return found.length > 0 ? found : undefined;
  });
  assert.deepEqual(alerts.map(({ labels }) => [labels.alertname, labels.feature, labels.instance]), [
    ["CreadyFeatureLost", lost, `127.0.0.1:${exporterPort}`],
  ]);

  // And one that was made an hour ago: cready is silent.
  const old = Math.round(Date.now() / 1000) - 3600;
  Deno.writeTextFileSync(folder.at("next"), second.replace(/^(cready_last_check_timestamp_seconds) .*$/m, `$1 ${old}`));
  Deno.renameSync(folder.at("next"), file);
  await until("silence", async () => (await firing()).find(({ labels }) => labels.alertname === "CreadySilent"));
});

/** Forty kinds of machine, of which a thousand nodes are made. */
const KINDS: readonly MachineReport[] = Array.from({ length: 40 }, (_, i) => {
  const compatId = `${i % 10}`.padStart(12, "0");
  const cpu = i % 10 === 0
    ? MACHINE
    : i % 10 < 5
    ? withWord(9, (word) => word & ~(1 << 5))
    : withCpu({ xsaveSize: 1000 + i % 10 });
  const instructions = bitNames(vectorOf(cpu.cpu!));
  const report = { ...cpu, cpu: { ...cpu.cpu!, compatId, instructions } };
  return i < 20 ? report : { ...report, kernel: withVerdict("timens", "UNSUPPORTED").kernel };
});
const NODES = 1000;
const nameOf = (i: number) => `node-${i}`;

Deno.test("a thousand nodes: PromQL tells which can restore the dumps of one, and what share has a feature", async () => {
  await using folder = new Folder();
  const time = Math.floor(Date.now() / 1000) - 60;
  const texts = KINDS.map((report) => prometheusText(fleetRecord(report, 100)));
  // promtool takes OpenMetrics: all series of one metric together, with times.
  const lines = new Map<string, string[]>();
  for (let i = 0; i < NODES; i++) {
    for (const line of texts[i % KINDS.length]!.split("\n")) {
      if (line === "" || line.startsWith("#")) continue;
      const [, name, labels, value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)!;
      const list = lines.get(name!) ?? [];
      list.push(`${name}{instance="${nameOf(i)}",job="node"${labels ? `,${labels}` : ""}} ${value} ${time}`);
      lines.set(name!, list);
    }
  }
  const text = [...lines].map(([name, list]) => `# TYPE ${name} gauge\n${list.join("\n")}\n`).join("") + "# EOF\n";
  Deno.writeTextFileSync(folder.at("metrics"), text);
  const made = await promtool(["tsdb", "create-blocks-from", "openmetrics", folder.at("metrics"), folder.at("tsdb")]);
  assert.equal(made.code, 0, made.text);
  Deno.writeTextFileSync(folder.at("prometheus.yml"), "global: {}\n");
  const port = freePort();
  await using prometheus = await Server.start("prometheus", port, "/-/ready", [
    `--config.file=${folder.at("prometheus.yml")}`,
    `--storage.tsdb.path=${folder.at("tsdb")}`,
    "--storage.tsdb.retention.time=10y",
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const asked = async (what: string, expression: string) => {
    const start = performance.now();
    const found = await prometheus.query(expression, time);
    console.log(`${what}: ${Math.round(performance.now() - start)} ms over ${NODES} nodes`);
    return found;
  };

  // The queries of docs/fleet.md, with a node's name in the place of NODE.
  const queries = Deno.readTextFileSync(new URL("../../docs/fleet.md", import.meta.url));
  const query = (title: string) =>
    new RegExp(`\\*\\*${title}\\*\\*\\n\\n((?: {4}.*\\n)+)`).exec(queries)![1]!.trim().replaceAll("NODE", nameOf(0));
  const able = await asked("who can restore the dumps of a node", query("Which nodes can restore dumps of a node"));
  // The matrix of the same reports: good for the processor, and nothing that blocks. Others than the CPU are alike here.
  const { classes, verdicts } = matrixOf(KINDS.map((report, i) => ({ name: String(i), report })), "safe");
  const place = (i: number) => classes.findIndex(({ machines }) => machines.includes(String(i % KINDS.length)));
  const expected = Array.from({ length: NODES }, (_, i) => i).filter((i) =>
    ["GOOD", "RISK"].includes(verdicts[place(0)]![place(i)]!) &&
    KINDS[i % KINDS.length]!.cpu!.xsaveSize === MACHINE.cpu!.xsaveSize
  );
  assert(expected.length > 50 && expected.length < NODES, String(expected.length));
  assert.deepEqual(able.map(({ metric }) => metric.instance).sort(), expected.map(nameOf).sort());

  const share = await asked("what share has a feature", query("What share of the nodes has a feature"));
  assert.deepEqual(share.map(({ value }) => Math.round(value * 1e6)), [500_000]);
});

Deno.test("what is written holds no time of its own, and every name once", () => {
  const text = prometheusText(fleetRecord(machine({ criu: { ...MACHINE.criu!, path: 'a"b\\c\nd' } }), 1234.5));
  assert.match(text, /path="a\\"b\\\\c\\nd"/);
  assert.match(text, /^cready_check_duration_seconds 1\.2345$/m);
  for (const line of text.trim().split("\n")) assert.match(line, /^(# (HELP|TYPE) \w+ .*|\w+(\{.*\})? [\d.e+-]+)$/);
  const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) =>
    line.replace(/ \S+$/, "")
  );
  assert.equal(new Set(series).size, series.length);
});
