import type { GraphQLSchema } from "graphql";
import { SDL } from "../schema/text.ts";
import { executable } from "./executable.ts";

/** The executable schema, with its descriptions. */
export function executableSchema(): GraphQLSchema {
  return executable(SDL);
}
