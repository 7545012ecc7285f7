import { type DocumentNode, GraphQLError, type GraphQLSchema } from "graphql";
import { parseChecked, TooLargeError } from "../resolvers/parse.ts";
import { measure } from "./cost.ts";
import { LIMITS, type Limits } from "./limits.ts";

/** Parses a document within the limits. Throws `GraphQLError`. */
export function parseWithin(text: string, schema: GraphQLSchema, limits: Limits): DocumentNode {
  let document: DocumentNode;
  try {
    document = parseChecked(text, limits.tokens);
  } catch (error) {
    if (error instanceof TooLargeError) throw beyond(error.limit, error.message);
    throw error;
  }
  const { depth, aliases, cost } = measure(document, schema);
  if (aliases > limits.aliases) {
    throw beyond("aliases", `The document has ${aliases} aliases, more than ${limits.aliases}`);
  }
  if (depth > limits.depth) throw beyond("depth", `The document is ${depth} fields deep, more than ${limits.depth}`);
  if (cost > limits.cost) throw beyond("cost", `The answer could have ${cost} fields, more than ${limits.cost}`);
  return document;
}

function beyond(name: "tokens" | "depth" | "aliases" | "cost", message: string): GraphQLError {
  const { status, code } = LIMITS[name];
  return new GraphQLError(message, { extensions: { code, http: { status } } });
}
