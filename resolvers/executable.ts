import { buildSchema, type GraphQLSchema, isObjectType, isUnionType } from "graphql";
import { RESOLVERS, UNIONS } from "./index.ts";

/** An executable schema: an SDL that has all that schema/ has, but for descriptions perhaps, joined with the resolvers. */
export function executable(sdl: string): GraphQLSchema {
  // The SDL is checked by the tests; checking it at each start would cost milliseconds.
  const schema = buildSchema(sdl, { assumeValidSDL: true, assumeValid: true });
  for (const [typeName, resolvers] of Object.entries(RESOLVERS)) {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) throw new TypeError(`Cannot find type ${typeName}`);
    const fields = type.getFields();
    for (const [name, resolver] of Object.entries(resolvers)) {
      const field = fields[name];
      if (!field) throw new TypeError(`Cannot find field ${typeName}.${name}`);
      if (typeof resolver === "function") field.resolve = resolver as typeof field.resolve;
      else Object.assign(field, resolver);
    }
  }
  for (const [typeName, { resolveType }] of Object.entries(UNIONS)) {
    const type = schema.getType(typeName);
    if (!isUnionType(type)) throw new TypeError(`Cannot find union ${typeName}`);
    type.resolveType = resolveType as typeof type.resolveType;
  }
  return schema;
}
