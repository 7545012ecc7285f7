import { GraphQLError, type GraphQLFormattedError } from "graphql";

/** A text that is no GraphQL document, as an error of the answer. Rethrows what is no GraphQLError. */
export function parseFailure(error: unknown): GraphQLError {
  if (!(error instanceof GraphQLError)) throw error;
  return withCode(error, "GRAPHQL_PARSE_FAILED");
}

/** An error of an answer, with the code that programs look at. */
export function coded(error: GraphQLError): GraphQLFormattedError {
  if (error.extensions.code !== undefined) return error.toJSON();
  // An error of execution has a path; one with another below it was thrown by our own code, and is a fault of ours.
  if (error.originalError && !(error.originalError instanceof GraphQLError)) {
    return { ...withCode(error, "INTERNAL_SERVER_ERROR").toJSON(), message: "cready itself failed" };
  }
  return withCode(error, error.path ? "BAD_USER_INPUT" : "GRAPHQL_VALIDATION_FAILED").toJSON();
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: { ...error.extensions, code },
  });
}
