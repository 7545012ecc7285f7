/** What `cready serve` is compared with: yoga as its manual shows it, and a list of the same size in memory. */
import { createSchema, createYoga } from "graphql-yoga";
import { PROBES } from "../../probes/registry.ts";

const features = PROBES.map(({ id }) => ({ id, finding: { verdict: "SUPPORTED" } }));
const yoga = createYoga({
  logging: false,
  schema: createSchema({
    typeDefs: `
      type Query { features: [Feature!]! }
      type Feature { id: ID! finding(maxAgeMs: Int! = 0): Finding! }
      type Finding { verdict: Verdict! }
      enum Verdict { SUPPORTED UNSUPPORTED BLOCKED INCONCLUSIVE }
    `,
    resolvers: { Query: { features: () => features } },
  }),
});
Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen: () => console.error("listening") }, yoga);
