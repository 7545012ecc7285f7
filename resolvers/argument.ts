import { GraphQLError } from "graphql";
import { ProcessError, type ProcessFault } from "../report/process_error.ts";

/** An argument between two bounds; anything else is the caller's mistake. */
export function atMost(name: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw badInput(`Cannot use ${value} as ${name}: it must be from ${min} to ${max}`);
}

const INT_MAX = 2 ** 31 - 1;

/** The first so many of a list; all where that is null. */
export function firstOf<T>(list: readonly T[], first: number | null | undefined): readonly T[] {
  return first === null || first === undefined ? list : list.slice(0, atMost("first", first, 1, INT_MAX));
}

/** What a check of arguments gives; what it refuses is an error of the answer. */
export function checked<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof ProcessError ? processFault(error.code, error.message) : error;
  }
}

/** No answer about a process, as an error of the answer. */
export function processFault(code: ProcessFault | "PROCESSES_NOT_SERVED", message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** There is nothing to be watched. */
export function noProcess(): never {
  throw processFault("PROCESS_GONE", "Cannot watch what is not there: there is no such process");
}

/** A mistake of the caller's, as an error of the answer. */
export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT" } });
}
