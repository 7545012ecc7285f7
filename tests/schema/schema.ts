import { buildSchema, execute, type GraphQLSchema, isObjectType, parse } from "graphql";
import { Feature } from "../../resolvers/feature.ts";
import { SDL_FILES } from "../../schema/sdl.ts";

const folder = new URL("../../schema/", import.meta.url);

/** The text of a file in schema/. */
export function schemaFile(path: string): string {
  return Deno.readTextFileSync(new URL(path, folder));
}

/** The schema with the resolvers that are no plain properties. */
export function testSchema(): GraphQLSchema {
  const schema = buildSchema(SDL_FILES.map((name) => schemaFile(`${name}.graphql`)).join("\n"));
  const type = schema.getType("Feature");
  if (!isObjectType(type)) throw new TypeError("Cannot find type Feature");
  for (const [name, resolve] of Object.entries(Feature)) type.getFields()[name]!.resolve = resolve;
  return schema;
}

/** Executes a published document against plain values for its root fields; throws on any error. */
export async function executed(document: string, variables: Record<string, unknown>, rootValue: unknown) {
  const result = await execute({
    schema: testSchema(),
    document: parse(schemaFile(document)),
    variableValues: variables,
    rootValue,
  });
  if (result.errors) throw new AggregateError(result.errors, result.errors.map(String).join("\n"));
  return result.data as Record<string, unknown>;
}
