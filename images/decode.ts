import { type DescMessage, fromBinary, isFieldSet, type MessageShape } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { ImageError } from "./error.ts";
import { type ImageKind, messagesOf } from "./format.ts";

/** Every message of an image file, decoded. Throws `ImageError`. */
export function decodeAll<D extends DescMessage>(
  name: string,
  kind: ImageKind,
  bytes: Uint8Array,
  schema: D,
): MessageShape<D>[] {
  return Array.from(messagesOf(name, kind, bytes), (message) => decode(name, message, schema));
}

/** The only message of an image file; what CRIU writes behind it is not for it. Throws `ImageError`. */
export function decodeOne<D extends DescMessage>(
  name: string,
  kind: ImageKind,
  bytes: Uint8Array,
  schema: D,
): MessageShape<D> {
  for (const message of messagesOf(name, kind, bytes)) return decode(name, message, schema);
  throw new ImageError(`${name} is empty: it has no message`);
}

function decode<D extends DescMessage>(name: string, bytes: Uint8Array, schema: D): MessageShape<D> {
  let message: MessageShape<D>;
  try {
    message = fromBinary(schema, bytes, { readUnknownFields: false });
  } catch (error) {
    // Whatever the decoder stumbles over, it is the file's fault.
    if (error instanceof Error) throw new ImageError(`${name} is broken: its protobuf cannot be decoded`);
    throw error;
  }
  const missing = missingField(schema, message);
  if (missing) throw new ImageError(`${name} is broken: field ${missing} is missing`);
  return message;
}

/** A required field that is not there, at any depth: the decoder leaves that to us. */
function missingField(schema: DescMessage, message: MessageShape<DescMessage>): string | undefined {
  for (const field of schema.fields) {
    const set = isFieldSet(message, field);
    if (!set && field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED) return `${schema.name}.${field.name}`;
    if (!set || !field.message) continue;
    const value = (message as unknown as Record<string, unknown>)[field.localName];
    for (const one of Array.isArray(value) ? value : [value]) {
      const missing = missingField(field.message, one as MessageShape<DescMessage>);
      if (missing) return missing;
    }
  }
  return undefined;
}
