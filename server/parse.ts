import { type DocumentNode, GraphQLError, type GraphQLSchema, parse, type Source } from "graphql";
import { measure } from "./cost.ts";
import { LIMITS, type Limits } from "./limits.ts";

/** Parses a document within the limits: tokens are counted before anything recurses. Throws `GraphQLError`. */
export function parseWithin(source: string | Source, schema: GraphQLSchema, limits: Limits): DocumentNode {
  let document: DocumentNode;
  try {
    document = parse(source, { maxTokens: limits.tokens });
  } catch (error) {
    if (error instanceof GraphQLError && /more that? \d+ tokens|more than \d+ tokens/.test(error.message)) {
      throw beyond("tokens", "The document has", limits);
    }
    throw error;
  }
  const { depth, aliases, cost } = measure(document, schema);
  if (aliases > limits.aliases) throw beyond("aliases", `The document has ${aliases} aliases,`, limits);
  if (depth > limits.depth) throw beyond("depth", `The document is ${depth} fields deep,`, limits);
  if (cost > limits.cost) throw beyond("cost", `The answer could have ${cost} fields,`, limits);
  return document;
}

function beyond(name: "tokens" | "depth" | "aliases" | "cost", what: string, limits: Limits): GraphQLError {
  const { status, code } = LIMITS[name];
  return new GraphQLError(`${what} more than ${limits[name]}${name === "tokens" ? " tokens" : ""}`, {
    extensions: { code, http: { status } },
  });
}
