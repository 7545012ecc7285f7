/** graphql-sse, as the client of queries and subscriptions. */
import assert from "node:assert/strict";
import { createClient } from "graphql-sse";
import { PROBES } from "../../probes/registry.ts";
import { start } from "../serve/server.ts";
import { fetchFor } from "./fetch.ts";

for (const tcp of [false, true]) {
  Deno.test(`graphql-sse on ${tcp ? "TCP" : "the Unix socket"}`, async (t) => {
    await using server = await start({ tcp });
    using reach = fetchFor(server);
    const client = createClient({ url: reach.url, fetchFn: reach.fetch, retryAttempts: 0 });
    const all = async (query: string, variables: Record<string, unknown> = {}) => {
      const results: unknown[] = [];
      for await (const result of client.iterate({ query, variables })) results.push(result);
      return results;
    };
    await t.step("a query is one event", async () => {
      assert.deepEqual(await all("{ features { id } }"), [{ data: { features: PROBES.map(({ id }) => ({ id })) } }]);
    });
    await t.step("a subscription is one event each, and its end", async () => {
      const results = await all(
        "subscription($s: Scope!) { check(scope: $s) { __typename ... on CheckReport { outcome findings { verdict } } } }",
        { s: "ALL" },
      );
      // deno-lint-ignore no-explicit-any
      const report = (results.at(-1) as any).data.check;
      assert.equal(report.findings.length, results.length - 1);
      assert.match(report.outcome, /^(GOOD|MAYBE|BAD|UNKNOWN)$/);
    });
    await t.step("a mistake is an event with errors", async () => {
      const [result, ...more] = await all("subscription { changes(everySeconds: 0) { verdict } }");
      assert.deepEqual(more, []);
      // deno-lint-ignore no-explicit-any
      assert.equal((result as any).errors[0].extensions.code, "BAD_USER_INPUT");
    });
    await t.step("a subscription that is dropped", async () => {
      const stream = client.iterate({ query: "subscription { check { __typename } }" });
      assert.equal((await stream.next()).done, false);
      await stream.return?.();
    });
    client.dispose();
  });
}
