/** The gauges of `cready serve --metrics-listen`, in the hands of promtool and Prometheus; and who is let in. */
import assert from "node:assert/strict";
import { ask, connect, query, type Server as Cready, start } from "../serve/server.ts";
import { cready, Folder } from "../fleet/program.ts";
import { freePort, promtool, Server, until } from "./prometheus.ts";

// The prober has all the time that a busy machine needs.
const WORDS = [
  "--metrics-listen",
  "127.0.0.1:0",
  "--limit",
  "probe=120000",
  "--limit",
  "request=120000",
  "--limit",
  "arrival=120000",
];

/** The same server, by its other door. */
function metricsOf(server: Cready): Cready {
  const port = Number(/gauges for Prometheus at http:\/\/127\.0\.0\.1:([0-9]+)\/metrics$/m.exec(server.said())?.[1]);
  return { ...server, where: { hostname: "127.0.0.1", port }, host: `127.0.0.1:${port}` };
}

/** A server whose other door is open too. */
async function started(): Promise<Cready> {
  const server = await start({ words: WORDS });
  await until("the other door is open", () => Promise.resolve(/at http:.*\n/.test(server.said()) || undefined));
  return server;
}

/** Text without what differs from one look to the next. */
const steady = (text: string) => text.replace(/^(cready_check_duration_seconds|cready_last_check_\w+) .*$/gm, "$1");

Deno.test("what is served is what cready export prometheus writes, and promtool finds nothing wrong with it", async () => {
  await using server = await started();
  const reply = await ask(metricsOf(server), { path: "/metrics", headers: { authorization: null } });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(steady(reply.body), steady((await cready("export", "prometheus")).stdout));
  assert.deepEqual(await promtool(["check", "metrics"], reply.body), { code: 0, text: "" });
  const head = await ask(metricsOf(server), { method: "HEAD", path: "/metrics", headers: { authorization: null } });
  assert.deepEqual([head.status, head.body], [200, ""]);
  const log = await until("both are in the log", () => {
    const lines = server.log();
    return Promise.resolve(lines.length >= 2 ? lines : undefined);
  });
  assert.deepEqual(log.map(({ door, path, status }) => [door, path, status]), [
    ["metrics", "/metrics", 200],
    ["metrics", "/metrics", 200],
  ]);
});

Deno.test("at that door there is nothing but gauges, and pages of others do not get them", async () => {
  await using server = await started();
  const metrics = metricsOf(server);
  const refused: readonly (readonly [status: number, code: string, request: Parameters<typeof ask>[1]])[] = [
    [404, "NOT_FOUND", { path: "/graphql?query={__typename}" }],
    [404, "NOT_FOUND", query("{ host { kernel } }")],
    [404, "NOT_FOUND", { path: "/" }],
    [404, "NOT_FOUND", { path: "/health" }],
    [404, "NOT_FOUND", { path: "/login" }],
    [405, "METHOD_NOT_ALLOWED", { method: "POST", path: "/metrics", body: "{}" }],
    [403, "HOST_NOT_ALLOWED", { path: "/metrics", headers: { host: "evil.example" } }],
    [403, "ORIGIN_NOT_ALLOWED", { path: "/metrics", headers: { origin: "http://evil.example" } }],
  ];
  for (const [status, code, request] of refused) {
    const reply = await ask(metrics, request);
    assert.deepEqual([reply.status, reply.code], [status, code], JSON.stringify(request));
  }
  // And no gauges at the other one.
  assert.equal((await ask(server, { path: "/metrics" })).status, 404);
});

Deno.test("connections to the gauges take none from those who ask", async () => {
  await using server = await started();
  const held: Deno.Conn[] = [];
  try {
    for (let i = 0; i < 16; i++) held.push(await connect(metricsOf(server)));
    const full = await ask(metricsOf(server), { path: "/metrics" });
    assert.deepEqual([full.status, full.code], [503, "TOO_MANY_CONNECTIONS"]);
    assert.equal((await ask(server, query("{ host { kernel } }"))).status, 200);
  } finally {
    for (const one of held) one.close();
  }
  await until("there is room again", async () => {
    const { status } = await ask(metricsOf(server), { path: "/metrics" });
    return status === 200 || undefined;
  });
  assert.equal((await server.stop()).code, 0);
});

Deno.test("Prometheus scrapes it", async () => {
  await using server = await started();
  await using folder = new Folder();
  const { host } = metricsOf(server), port = freePort();
  Deno.writeTextFileSync(
    folder.at("prometheus.yml"),
    `global: { scrape_interval: 1s }
scrape_configs: [{ job_name: cready, static_configs: [{ targets: ["${host}"] }] }]
`,
  );
  await using prometheus = await Server.start("prometheus", port, "/-/ready", [
    `--config.file=${folder.at("prometheus.yml")}`,
    `--storage.tsdb.path=${folder.at("tsdb")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const found = await until("the first scrape", async () => {
    const series = await prometheus.query('cready_feature_supported{category="REQUIRED"}');
    return series.length > 0 ? series : undefined;
  });
  assert(found.every(({ metric }) => metric.instance === host));
});

for (const address of ["0.0.0.0:9100", "127.0.0.1", "localhost:9100", "[::]:9100", "127.0.0.1:70000"]) {
  Deno.test(`--metrics-listen takes no ${address}`, async () => {
    const { code, stdout, stderr } = await cready("serve", "--metrics-listen", address);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(
      stderr,
      /^Error \(cready\/serve\): --metrics-listen takes 127\.0\.0\.1:PORT or \[::1\]:PORT, not [^\n]+\n$/,
    );
  });
}
