/**
 * Shapes: one description of a document, from which come its TypeScript type, its published JSON Schema, and the reader
 * that takes nothing else from a file of unknown origin.
 */

/** What a value must be. */
export interface Shape<T> {
  /** The value, made anew of known fields only. Throws `ShapeError`. */
  read(value: unknown, path: string): T;
  /** As JSON Schema (draft 2020-12). */
  readonly schema: Readonly<Record<string, unknown>>;
  /** True for a field that documents of the same version may lack; it is read as null then. */
  readonly mayLack?: true;
}

/** The type of the values of a shape. */
export type Infer<S> = S extends Shape<infer T> ? T : never;

/** A value is not what it must be; the message names its place. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** No text in a document is longer, and no list has more entries. */
export const TEXT_LIMIT = 4096;
const LIST_LIMIT = 4096;

function wrong(path: string, expected: string): never {
  throw new ShapeError(`${path === "" ? "the document" : path} is not ${expected}`);
}

/** A text. */
export function text(pattern?: RegExp): Shape<string> {
  return {
    schema: { type: "string", maxLength: TEXT_LIMIT, ...(pattern ? { pattern: pattern.source } : {}) },
    read(value, path) {
      if (typeof value !== "string") wrong(path, "a text");
      if (value.length > TEXT_LIMIT) wrong(path, `shorter than ${TEXT_LIMIT} characters`);
      if (pattern && !pattern.test(value)) wrong(path, `of the form ${pattern.source}`);
      return value;
    },
  };
}

/** A number; `integer` for whole ones from 0. */
export function number(kind: "integer" | "any" = "integer"): Shape<number> {
  const integer = kind === "integer";
  return {
    schema: integer ? { type: "integer", minimum: 0 } : { type: "number" },
    read(value, path) {
      if (typeof value !== "number" || (integer && !(Number.isSafeInteger(value) && value >= 0))) {
        wrong(path, integer ? "a whole number" : "a number");
      }
      return value;
    },
  };
}

/** True or false. */
export function flag(): Shape<boolean> {
  return {
    schema: { type: "boolean" },
    read: (value, path) => typeof value === "boolean" ? value : wrong(path, "true or false"),
  };
}

/** One of some words. */
export function oneOf<const T extends string>(...words: readonly T[]): Shape<T> {
  return {
    schema: { type: "string", enum: words },
    read: (value, path) => words.find((word) => word === value) ?? wrong(path, `one of ${words.join(", ")}`),
  };
}

/** Exactly this number. */
export function exactly<const T extends number>(wanted: T): Shape<T> {
  return { schema: { const: wanted }, read: (value, path) => value === wanted ? wanted : wrong(path, String(wanted)) };
}

/** Null, or a value of the shape. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return {
    schema: { anyOf: [shape.schema, { type: "null" }] },
    read: (value, path) => value === null ? null : shape.read(value, path),
  };
}

/** As `nullable`, for a field that came later: documents made before do not have it. */
export function added<T>(shape: Shape<T>): Shape<T | null> {
  return { ...nullable(shape), mayLack: true };
}

/** A list. */
export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return {
    schema: { type: "array", maxItems: LIST_LIMIT, items: shape.schema },
    read(value, path) {
      if (!Array.isArray(value)) wrong(path, "a list");
      if (value.length > LIST_LIMIT) wrong(path, `shorter than ${LIST_LIMIT} entries`);
      return value.map((one, i) => shape.read(one, `${path}[${i}]`));
    },
  };
}

/** An object with these fields; it may have more, which are not taken. `doc` describes fields by name. */
export function record<T extends Record<string, unknown>>(
  fields: { readonly [K in keyof T]: Shape<T[K]> },
  doc: { readonly [K in keyof NoInfer<T>]?: string } = {},
): Shape<{ readonly [K in keyof T]: T[K] }> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return {
    schema: {
      type: "object",
      properties: Object.fromEntries(names.map((name) => {
        const description = doc[name];
        return [name, description ? { description, ...fields[name].schema } : fields[name].schema];
      })),
      required: names.filter((name) => !fields[name].mayLack),
    },
    read(value, path) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) wrong(path, "an object");
      const taken: Record<string, unknown> = {};
      for (const name of names) {
        const at = path === "" ? name : `${path}.${name}`;
        if (!Object.hasOwn(value, name)) {
          if (!fields[name].mayLack) wrong(at, "there");
          taken[name] = null;
          continue;
        }
        taken[name] = fields[name].read((value as Record<string, unknown>)[name], at);
      }
      return taken as T;
    },
  };
}
