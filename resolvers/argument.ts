import { GraphQLError } from "graphql";

/** An argument between two bounds; anything else is the caller's mistake. */
export function atMost(name: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw badInput(`Cannot use ${value} as ${name}: it must be from ${min} to ${max}`);
}

/** A mistake of the caller's, as an error of the answer. */
export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT" } });
}
