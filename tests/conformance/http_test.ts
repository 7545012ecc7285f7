/** GraphQL over HTTP, by the audits of its reference implementation. */
import assert from "node:assert/strict";
import { serverAudits } from "graphql-http";
import { start } from "../serve/server.ts";
import { fetchFor } from "./fetch.ts";

for (const tcp of [false, true]) {
  // The audits leave bodies unread.
  const name = `graphql-http's audits on ${tcp ? "TCP" : "the Unix socket"}`;
  Deno.test({ name, sanitizeResources: false }, async (t) => {
    await using server = await start({ tcp });
    using reach = fetchFor(server);
    const audits = serverAudits({ url: reach.url, fetchFn: reach.fetch });
    assert.ok(audits.length > 50);
    for (const audit of audits) {
      await t.step(`${audit.id} ${audit.name}`, async () => {
        const result = await audit.fn();
        assert.equal(result.status, "ok", "reason" in result ? String(result.reason) : "");
      });
    }
  });
}
