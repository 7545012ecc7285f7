import { type DocumentNode, execute, type ExecutionResult, getOperationAST, subscribe, validate } from "graphql";
import type { Libc } from "../ffi/libc.ts";
import { Runner } from "../probes/run.ts";
import { AskHere } from "../resolvers/ask_here.ts";
import { coded, operationFailure, parseFailure, validationFailure } from "../resolvers/errors.ts";
import { parseChecked } from "../resolvers/parse.ts";
import { executable } from "../resolvers/executable.ts";
import { BARE_SDL } from "../schema/bare.ts";
import type { Request } from "./query.ts";

/** Far more than a person writes. */
const LOCAL_TOKENS = 10_000;

/** Executes an operation in this process; returns the exit code. */
export async function answerHere(
  { query, variables, operationName }: Request,
  libc: Libc,
  print: (answer: unknown) => void,
): Promise<number> {
  const tell = (result: ExecutionResult) => {
    print(result.errors ? { ...result, errors: result.errors.map(coded) } : result);
    return result.errors ? 1 : 0;
  };
  let document: DocumentNode;
  try {
    document = parseChecked(query, LOCAL_TOKENS);
  } catch (error) {
    return tell({ errors: [parseFailure(error)] });
  }
  // Only introspection reads descriptions; without them the schema is built in half the time.
  const introspects = /__(schema|type)\b/.test(query);
  const schema = executable(introspects ? (await import("../schema/text.ts")).SDL : BARE_SDL);
  const faults = validate(schema, document);
  if (faults.length > 0) return tell({ errors: faults.map(validationFailure) });
  const operation = getOperationAST(document, operationName);
  if (!operation) return tell({ errors: [operationFailure(operationName)] });
  using ask = new AskHere(() => new Runner(libc));
  const asked = {
    schema,
    document,
    variableValues: variables,
    contextValue: { ask },
    ...(operationName === undefined ? {} : { operationName }),
  };
  if (operation.operation !== "subscription") return tell(await execute(asked));
  const events = await subscribe(asked);
  if (!(Symbol.asyncIterator in events)) return tell(events);
  let code = 0;
  for await (const event of events) code = Math.max(code, tell(event));
  return code;
}
