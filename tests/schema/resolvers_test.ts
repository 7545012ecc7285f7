/** What each field of the schema answers, and whom it asks for it. */
import assert from "node:assert/strict";
import { parse, subscribe } from "graphql";
import type { Finding } from "../../probes/probe.ts";
import { PROBES } from "../../probes/registry.ts";
import type { CheckReport } from "../../report/report.ts";
import { findingOf } from "../unit/finding.ts";
import { INSPECTION } from "./inspection.ts";
import { answered, FakeAsk, testSchema } from "./schema.ts";

const FINDINGS: readonly Finding[] = PROBES.map((feature, i) => ({
  ...findingOf(i % 2 ? "SUPPORTED" : "UNSUPPORTED"),
  feature,
}));

const REPORT: CheckReport = {
  scope: "EXTRA",
  outcome: "MAYBE",
  sentence: "a sentence",
  host: {
    kernel: "6.18.0",
    architecture: "x86_64",
    privilege: { uid: 0, capabilities: [], seccompFilters: null, initialUserNamespace: true, container: null },
  },
  findings: FINDINGS,
  durationMs: 1,
};

/** A query, its answer's data, and what was asked of the kernel. */
const ANSWERS: readonly (readonly [query: string, data: unknown, asked: readonly string[]])[] = [
  ["{ host { kernel architecture } }", { host: { kernel: "6.18.0", architecture: "x86_64" } }, ["host"]],
  ["{ host { cpuCompatId } }", { host: { cpuCompatId: "0123456789ab" } }, ["host", "cpu"]],
  [
    "{ check { host { criu { path version fault plugins configFiles } } } }",
    {
      check: {
        host: {
          criu: { path: "/usr/sbin/criu", version: "4.2.1", fault: null, plugins: ["cuda_plugin"], configFiles: [] },
        },
      },
    },
    ["check REQUIRED", "criu"],
  ],
  [
    "{ categories { name number } }",
    {
      categories: [["REQUIRED", 1], ["EXTRA", 2], ["EXPERIMENTAL", 3], ["OPTIONAL", 4]].map(([name, number]) => ({
        name,
        number,
      })),
    },
    [],
  ],
  ["{ features { id } }", { features: PROBES.map(({ id }) => ({ id })) }, []],
  [
    "{ features(category: EXPERIMENTAL) { id category { number } } }",
    { features: ["autofs", "compat_cr"].map((id) => ({ id, category: { number: 3 } })) },
    [],
  ],
  [
    '{ features(names: ["tun", "uffd-noncoop", "uffd_noncoop"]) { id criuName } }',
    {
      features: [
        { id: "tun", criuName: "tun" },
        { id: "uffd_noncoop", criuName: "uffd-noncoop" },
        { id: "uffd_noncoop", criuName: "uffd-noncoop" },
      ],
    },
    [],
  ],
  ["{ features(names: []) { id } }", { features: [] }, []],
  ['{ feature(name: "nsid") { id category { name } } }', { feature: { id: "nsid", category: null } }, []],
  ['{ feature(name: "no such thing") { id } }', { feature: null }, []],
  [
    '{ feature(name: "tun") { finding { verdict feature { id } } } }',
    {
      feature: {
        finding: { verdict: FINDINGS.find(({ feature }) => feature.id === "tun")!.verdict, feature: { id: "tun" } },
      },
    },
    ["finding tun 0"],
  ],
  [
    '{ feature(name: "tun") { finding(maxAgeMs: 60000) { probedAt } } }',
    { feature: { finding: { probedAt: "2026-01-01T00:00:00.000Z" } } },
    ["finding tun 60000"],
  ],
  ["{ check { outcome scope sentence } }", { check: { outcome: "MAYBE", scope: "EXTRA", sentence: "a sentence" } }, [
    "check REQUIRED",
  ]],
  [
    "{ check(scope: ALL) { findings(verdict: UNSUPPORTED) { verdict } all: findings { feature { id } } } }",
    {
      check: {
        findings: FINDINGS.filter((_, i) => i % 2 === 0).map(() => ({ verdict: "UNSUPPORTED" })),
        all: PROBES.map(({ id }) => ({ feature: { id } })),
      },
    },
    ["check ALL"],
  ],
  [
    '{ process(by: { id: "4711@123456" }) { pid children { id children { id } } } }',
    { process: { pid: 4711, children: [{ id: "9@9", children: [] }] } },
    ['process {"id":"4711@123456"}', "children 4711@123456"],
  ],
  [
    '{ process(by: { cgroup: "/sys/fs/cgroup/a.slice/b/" }) { name } }',
    { process: { name: "redis\\x0aserver" } },
    ['process {"cgroup":"a.slice/b"}'],
  ],
  [
    '{ processes(after: "7@8") { id inspection(plan: { engine: PODMAN }) { obstacles(stage: RESTORE) { features { id } } } } }',
    {
      processes: [{
        id: "4711@123456",
        inspection: { obstacles: [{ features: [{ id: "kcmp_epoll" }, { id: "tun" }] }] },
      }],
    },
    ["processes 100 7@8", "inspection 4711@123456 PODMAN"],
  ],
];

/** How many obstacles there are is told also where fewer are asked for. */
const CUT: typeof ANSWERS = [
  [
    "{ process(by: { pid: 1 }) { inspection { obstacles(first: 1) { rule } obstaclesTotal options { obstacles(first: 1) { rule } obstaclesTotal } } } }",
    {
      process: {
        inspection: {
          obstacles: [{ rule: "lock-any" }],
          obstaclesTotal: 2,
          options: [{ obstacles: [{ rule: "lock-any" }], obstaclesTotal: 1 }],
        },
      },
    },
    ['process {"pid":1}', "inspection 4711@123456 CRIU"],
  ],
  [
    "{ process(by: { pid: 1 }) { inspection { obstacles(stage: RESTORE, first: 5) { rule } obstaclesTotal(stage: RESTORE) } } }",
    { process: { inspection: { obstacles: [{ rule: "fd-eventpoll-escaped" }], obstaclesTotal: 1 } } },
    ['process {"pid":1}', "inspection 4711@123456 CRIU"],
  ],
];

for (const [query, data, asked] of [...ANSWERS, ...CUT]) {
  Deno.test(`${query} is answered`, async () => {
    const ask = new FakeAsk(FINDINGS, REPORT, INSPECTION);
    const result = await answered(query, ask);
    assert.equal(result.errors, undefined);
    assert.deepEqual(JSON.parse(JSON.stringify(result.data)), data);
    assert.deepEqual(ask.asked, asked);
  });
}

Deno.test("less than one obstacle cannot be asked for", async () => {
  const ask = new FakeAsk(FINDINGS, REPORT, INSPECTION);
  for (const field of ["obstacles(first: 0) { rule }", "options { obstacles(first: -1) { rule } }"]) {
    const { errors } = await answered(`{ process(by: { pid: 1 }) { inspection { ${field} } } }`, ask);
    assert.equal(errors?.[0]?.extensions.code, "BAD_USER_INPUT", field);
  }
});

/** A query that is the caller's mistake, and its error's code and words. */
const MISTAKES: readonly (readonly [query: string, code: string | undefined, message: RegExp])[] = [
  ['{ features(names: ["tun", "tnu"]) { id } }', "BAD_USER_INPUT", /Cannot find a feature named "tnu"/],
  [`{ features(names: [${'"tun" '.repeat(101)}]) { id } }`, "BAD_USER_INPUT", /101 names: there may be 100/],
  ['{ feature(name: "tun") { finding(maxAgeMs: -1) { verdict } } }', "BAD_USER_INPUT", /from 0 to 86400000/],
  ['{ feature(name: "tun") { finding(maxAgeMs: 86400001) { verdict } } }', "BAD_USER_INPUT", /from 0 to 86400000/],
  ["{ process(by: { pid: 0 }) { id } }", "BAD_USER_INPUT", /from 1 to 4194304/],
  ['{ process(by: { cgroup: "a/../b" }) { id } }', "BAD_USER_INPUT", /below \/sys\/fs\/cgroup/],
  ["{ process(by: {}) { id } }", undefined, /exactly one/],
  ["{ processes(first: 1001) { id } }", "BAD_USER_INPUT", /from 1 to 1000/],
  ["{ check(scope: SOME) { outcome } }", undefined, /"SOME" does not exist in "Scope"/],
  ["mutation { check { outcome } }", undefined, /mutation operation is not supported/],
];

for (const [query, code, message] of MISTAKES) {
  Deno.test(`${query.slice(0, 80)} is refused`, async () => {
    const ask = new FakeAsk(FINDINGS, REPORT, INSPECTION);
    const { errors } = await answered(query, ask);
    assert.match(errors?.[0]?.message ?? "", message);
    assert.equal(errors?.[0]?.extensions.code, code);
    assert.deepEqual(ask.asked, []);
  });
}

async function events(query: string) {
  const ask = new FakeAsk(FINDINGS, REPORT, INSPECTION);
  const result = await subscribe({ schema: testSchema(), document: parse(query), contextValue: { ask } });
  if (!(Symbol.asyncIterator in result)) throw result.errors?.[0];
  const data: unknown[] = [];
  for await (const event of result) data.push(JSON.parse(JSON.stringify(event.data)));
  return { data, asked: ask.asked };
}

Deno.test("Subscription.check yields each finding, then the report", async () => {
  const { data, asked } = await events(
    "subscription { check(scope: EXTRA) { __typename ... on Finding { feature { id } } ... on CheckReport { outcome } } }",
  );
  assert.deepEqual(data, [
    ...PROBES.map(({ id }) => ({ check: { __typename: "Finding", feature: { id } } })),
    { check: { __typename: "CheckReport", outcome: "MAYBE" } },
  ]);
  assert.deepEqual(asked, ["watch EXTRA"]);
});

Deno.test("Subscription.changes looks as often as it is told", async () => {
  const { asked } = await events("subscription { changes(everySeconds: 7) { verdict } }");
  assert.deepEqual(asked, ["changes ALL 7"]);
  for (const seconds of [0, -1, 86401]) {
    await assert.rejects(events(`subscription { changes(everySeconds: ${seconds}) { verdict } }`), /from 1 to 86400/);
  }
});

Deno.test("Subscription.inspection looks as often as it is told", async () => {
  const { data, asked } = await events("subscription { inspection(by: { pid: 4711 }, everySeconds: 7) { dump } }");
  assert.deepEqual(data, [{ inspection: { dump: "NEEDS_OPTIONS" } }]);
  assert.deepEqual(asked, ['inspections {"pid":4711} CRIU 7']);
  await assert.rejects(
    events("subscription { inspection(by: { pid: 1 }, everySeconds: 0) { dump } }"),
    /from 1 to 86400/,
  );
});
