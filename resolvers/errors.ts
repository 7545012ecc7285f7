import { GraphQLError, type GraphQLFormattedError } from "graphql";

/** A text that is no GraphQL document, as an error of the answer. Rethrows what is no GraphQLError. */
export function parseFailure(error: unknown): GraphQLError {
  if (!(error instanceof GraphQLError)) throw error;
  return withCode(error, "GRAPHQL_PARSE_FAILED");
}

/** A document that does not fit the schema, as an error of the answer. */
export function validationFailure(error: GraphQLError): GraphQLError {
  return withCode(error, "GRAPHQL_VALIDATION_FAILED");
}

/** A document in which the operation that is asked for is not, or is not the only one. */
export function operationFailure(name: string | undefined): GraphQLError {
  const message = name === undefined
    ? "Must provide operation name if query contains multiple operations."
    : `Unknown operation named "${name}".`;
  return withCode(new GraphQLError(message), "OPERATION_RESOLUTION_FAILURE");
}

/** An error of an answer, with the code that programs look at: what was not thrown with one is a wrong variable. */
export function coded(error: GraphQLError): GraphQLFormattedError {
  if (error.extensions.code !== undefined) return error.toJSON();
  if (error.originalError && !(error.originalError instanceof GraphQLError)) {
    return { ...withCode(error, "INTERNAL_SERVER_ERROR").toJSON(), message: "cready itself failed" };
  }
  return withCode(error, "BAD_USER_INPUT").toJSON();
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
