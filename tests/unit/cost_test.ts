import assert from "node:assert/strict";
import { parse } from "graphql";
import { executableSchema } from "../../resolvers/schema.ts";
import { measure } from "../../server/cost.ts";

const schema = executableSchema();

const CASES: readonly (readonly [document: string, depth: number, aliases: number, cost: number])[] = [
  ["{ __typename }", 0, 0, 0],
  ["{ host { kernel } }", 2, 0, 2],
  ["{ a: host { b: kernel } }", 2, 2, 2],
  ["{ features { id } }", 2, 0, 140],
  ["{ check { findings { verdict evidence { call } } } }", 4, 0, 1 + 70 * (1 + 1 + 8 * 2)],
  ["{ ...f ...f } fragment f on Query { host { kernel } }", 2, 0, 4],
  ["{ ... on Query { ... { host { kernel } } } }", 2, 0, 2],
  ["query A { host { kernel } } query B { features { id } }", 2, 0, 140],
  ["subscription { check { ... on Finding { feature { id } } ... on CheckReport { outcome } } }", 3, 0, 4],
  ["{ processes { id } }", 2, 0, 200],
  ["{ processes(first: 7) { id inspection { dump } } }", 3, 0, 7 * (1 + 1 + 20 + 1)],
  ["query($n: Int!) { processes(first: $n) { id } }", 2, 0, 2000],
  ["{ processes(first: 99999999999) { id } }", 2, 0, 2000],
  ["{ process(by: { pid: 1 }) { inspection { obstacles { rule } } } }", 4, 0, 1 + 20 + 20 * 2],
  ["{ process(by: { pid: 1 }) { inspection { obstacles(first: 1) { rule } } } }", 4, 0, 1 + 20 + 2],
  ["{ process(by: { pid: 1 }) { inspection { obstacles(first: 99999) { rule } } } }", 4, 0, 1 + 20 + 20 * 2],
  ["{ host { cpuCompatId criu { version } } }", 3, 0, 1 + 1 + 20 + 1],
  ["{ process(by: { pid: 1 }) { children { id } } }", 3, 0, 1 + 20 * 2],
  // What is not known counts once; validation will refuse it.
  ["{ nope { nothing } }", 2, 0, 2],
  ["{ ...nothing }", 0, 0, 0],
  ["{ ...f } fragment f on Query { ...f host { kernel } }", 2, 0, 2],
  ["{ __schema { types { fields { type { name } } } } }", 0, 0, 0],
];

for (const [document, depth, aliases, cost] of CASES) {
  Deno.test(`measure of ${document} is ${depth} deep and costs ${cost}`, () => {
    assert.deepEqual(measure(parse(document), schema), { depth, aliases, cost });
  });
}

Deno.test("measure takes no longer for fragments that double than for those that do not", () => {
  const levels = 200;
  const fragments = Array.from({ length: levels }, (_, i) => `fragment f${i} on Feature { ...f${i + 1} ...f${i + 1} }`);
  const document = parse(`{ features { ...f0 } } ${fragments.join(" ")} fragment f${levels} on Feature { id }`);
  assert.ok(measure(document, schema).cost > 1e50);
});
