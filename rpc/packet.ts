import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  isFieldSet,
  ScalarType,
  toBinary,
} from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import {
  criu_req_type,
  criu_req_typeSchema,
  criu_reqSchema,
  criu_respSchema,
  criu_versionSchema,
} from "../proto/gen/rpc_pb.ts";

/** No request that a check can answer is larger; what CRIU's clients send for a dump is some kB. */
export const PACKET_LIMIT = 64 * 1024;
/** go-criu reads no more than 8 kB of an answer, and a reason is for people. */
const MESSAGE_LIMIT = 2000;

/** The three features that can be asked for by RPC. */
export interface Features {
  readonly memTrack: boolean;
  readonly lazyPages: boolean;
  readonly pidfdStore: boolean;
}

/** What a client asks for. */
export interface Request {
  /** Null for a number that CRIU gave no name. */
  readonly type: criu_req_type | null;
  readonly keepOpen: boolean;
  /** Null where the request names none. */
  readonly features: Features | null;
}

/** The version of a criu program. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly sublevel: number | null;
  /** As `git describe` names it; null for a release. */
  readonly gitId: string | null;
}

/** An answer. */
export interface Response {
  readonly type: criu_req_type;
  readonly success: boolean;
  readonly errno?: number;
  readonly message?: string | null;
  readonly features?: Features;
  readonly version?: Version;
}

/** The name of a type, as CRIU spells it. */
export function typeName(type: criu_req_type): string {
  return criu_req_typeSchema.value[type]?.name ?? String(type);
}

/** Reads a request; null for bytes that CRIU would not take for one. Never throws. */
export function decodeRequest(bytes: Uint8Array): Request | null {
  try {
    if (!fits(criu_reqSchema, bytes)) return null;
    const { type, keepOpen, features, $unknown } = fromBinary(criu_reqSchema, bytes);
    const known = !$unknown?.some(({ no }) => no === criu_reqSchema.field.type.number);
    return { type: known ? type : null, keepOpen, features: features ?? null };
  } catch {
    // Truncated, or nested without end: whatever the library says of it, it is no request.
    return null;
  }
}

/**
 * Whether every field that is known has its own wire type, nested ones too, and none that is required is missing: the
 * library that reads them looks at neither, the one that CRIU uses refuses both. Throws where bytes are missing.
 */
function fits(message: DescMessage, bytes: Uint8Array): boolean {
  const reader = new BinaryReader(bytes);
  const seen = new Set<number>();
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const data = reader.skip(wireType, number);
    const field = message.fields.find((one) => one.number === number);
    if (!field) continue;
    if (wireType !== wireTypeOf(field)) return false;
    if (field.fieldKind === "message" && !fits(field.message, new BinaryReader(data).bytes())) return false;
    seen.add(number);
  }
  // As protobuf-c has it, what has a default may be missing although it is required.
  return message.fields.every((field) =>
    field.presence !== FeatureSet_FieldPresence.LEGACY_REQUIRED || seen.has(field.number) || hasDefault(field)
  );
}

function hasDefault(field: DescField): boolean {
  return (field.fieldKind === "scalar" || field.fieldKind === "enum") && field.getDefaultValue() !== undefined;
}

/** The scalars of our messages are numbers, booleans and strings. */
function wireTypeOf(field: DescField): WireType {
  const text = field.fieldKind === "scalar" && field.scalar === ScalarType.STRING;
  return field.fieldKind === "message" || text ? WireType.LengthDelimited : WireType.Varint;
}

/** Writes an answer; its message is cut to what a client has room for. */
export function encodeResponse(response: Response): Uint8Array {
  const { type, success, errno, message, features, version } = response;
  return toBinary(
    criu_respSchema,
    create(criu_respSchema, {
      type,
      success,
      ...(errno === undefined ? {} : { crErrno: errno }),
      ...(message ? { crErrmsg: cut(message) } : {}),
      ...(features ? { features } : {}),
      ...(version
        ? {
          version: {
            majorNumber: version.major,
            minorNumber: version.minor,
            ...(version.sublevel === null ? {} : { sublevel: version.sublevel }),
            ...(version.gitId === null ? {} : { gitid: version.gitId }),
          },
        }
        : {}),
    }),
  );
}

/** A question as a client library puts it. */
export interface Question {
  readonly type: criu_req_type;
  /** Sends `criu_opts` with this images_dir_fd; null: without any, as go-criu does. */
  readonly imagesDirFd: number | null;
  readonly features?: Partial<Features>;
}

/** Writes a request. */
export function encodeQuestion({ type, imagesDirFd, features }: Question): Uint8Array {
  return toBinary(
    criu_reqSchema,
    create(criu_reqSchema, {
      type,
      ...(imagesDirFd === null ? {} : { opts: { imagesDirFd } }),
      ...(features ? { features } : {}),
    }),
  );
}

/** Reads an answer; null for bytes that are none. Never throws. */
export function decodeResponse(bytes: Uint8Array): Response | null {
  try {
    if (!fits(criu_respSchema, bytes)) return null;
    const response = fromBinary(criu_respSchema, bytes);
    const { type, success, features, version } = response;
    const { crErrno, crErrmsg } = criu_respSchema.field;
    return {
      type,
      success,
      ...(isFieldSet(response, crErrno) ? { errno: response.crErrno } : {}),
      ...(isFieldSet(response, crErrmsg) ? { message: response.crErrmsg } : {}),
      ...(features ? { features } : {}),
      ...(version
        ? {
          version: {
            major: version.majorNumber,
            minor: version.minorNumber,
            sublevel: isFieldSet(version, criu_versionSchema.field.sublevel) ? version.sublevel : null,
            gitId: version.gitid === "" ? null : version.gitid,
          },
        }
        : {}),
    };
  } catch {
    return null;
  }
}

/** Well-formed whatever is in it: half a character at the cut would make the answer unreadable. */
function cut(text: string): string {
  const whole = text.toWellFormed();
  return whole.length <= MESSAGE_LIMIT ? whole : `${[...whole.slice(0, MESSAGE_LIMIT)].slice(0, -1).join("")}…`;
}
