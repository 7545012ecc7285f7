import {
  type DocumentNode,
  getNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  type SelectionSetNode,
} from "graphql";

type Json = Record<string, unknown>;

const SCALARS: Readonly<Record<string, Json>> = {
  String: { type: "string" },
  ID: { type: "string" },
  Int: { type: "integer" },
  Float: { type: "number" },
  Boolean: { type: "boolean" },
  DateTime: { type: "string", format: "date-time" },
};

/**
 * The JSON Schema of what an operation's only root field answers: every selected field is required, nothing
 * else may be there. Knows what our documents use: plain fields, no fragments, no aliases.
 */
export function jsonSchemaOf(schema: GraphQLSchema, document: DocumentNode, id: string, title: string): Json {
  const operation = document.definitions[0];
  if (operation?.kind !== "OperationDefinition") throw new TypeError("Cannot read the document: no operation in it");
  const root = operation.selectionSet.selections[0];
  const query = schema.getQueryType();
  if (root?.kind !== "Field" || !query) throw new TypeError("Cannot read the document: no field in it");
  const field = query.getFields()[root.name.value];
  if (!field) throw new TypeError(`Cannot find Query.${root.name.value}`);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: id,
    title,
    ...typeOf(field.type, root.selectionSet),
  };
}

/** A document that selects every field of a schema's only root field, as deep as there are fields. */
export function everything(schema: GraphQLSchema): DocumentNode {
  const select = (type: GraphQLOutputType): string => {
    const named = getNamedType(type);
    if (!isObjectType(named)) return "";
    return `{ ${Object.values(named.getFields()).map((field) => `${field.name} ${select(field.type)}`).join(" ")} }`;
  };
  return parse(select(schema.getQueryType()!));
}

/** The JSON Schema of the elements of a list-valued field of such a schema: one line of `--ndjson`. */
export function elementSchemaOf(schema: Json, field: string, id: string, title: string): Json {
  const properties = schema.properties as Record<string, Json>;
  return { $schema: schema.$schema, $id: id, title, ...properties[field]!.items as Json };
}

/** The JSON Schema of a field of what such a schema describes, where that may be null. */
export function memberSchemaOf(schema: Json, field: string, id: string, title: string): Json {
  const [object] = schema.anyOf as [Json];
  const properties = object.properties as Record<string, Json>;
  return { $schema: schema.$schema, $id: id, title, ...properties[field] };
}

function typeOf(type: GraphQLOutputType, selection: SelectionSetNode | undefined): Json {
  if (isNonNullType(type)) return requiredTypeOf(type.ofType, selection);
  return { anyOf: [requiredTypeOf(type, selection), { type: "null" }] };
}

function requiredTypeOf(type: GraphQLOutputType, selection: SelectionSetNode | undefined): Json {
  if (isListType(type)) return { type: "array", items: typeOf(type.ofType, selection) };
  if (isEnumType(type)) return { type: "string", enum: type.getValues().map(({ name }) => name) };
  if (isObjectType(type)) {
    const properties: Record<string, Json> = {};
    for (const node of selection?.selections ?? []) {
      if (node.kind !== "Field" || node.alias) throw new TypeError("Cannot read the document: fragment or alias in it");
      const field = type.getFields()[node.name.value];
      if (!field) throw new TypeError(`Cannot find ${type.name}.${node.name.value}`);
      const description = field.description ? { description: field.description } : {};
      properties[field.name] = { ...description, ...typeOf(field.type, node.selectionSet) };
    }
    return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
  }
  const scalar = SCALARS[String(type)];
  if (!scalar) throw new TypeError(`Cannot express scalar ${type}`);
  return scalar;
}
