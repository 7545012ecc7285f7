const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

/**
 * Bytes of a file name as text that loses nothing: UTF-8 where they are, and each byte that is not as a lone
 * surrogate U+DC80 to U+DCFF (as Python's surrogateescape). `encodeBytes` gives the same bytes back.
 */
export function decodeBytes(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    return escaped(bytes);
  }
}

function escaped(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const size = sequence(bytes, at);
    if (size === 0) text += String.fromCharCode(0xdc00 + bytes[at++]!);
    else {
      text += STRICT.decode(bytes.subarray(at, at + size));
      at += size;
    }
  }
  return text;
}

/** The length of the well-formed UTF-8 sequence at an offset; 0 where there is none. */
function sequence(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const size = first >= 0xc2 && first < 0xe0
    ? 2
    : first >= 0xe0 && first < 0xf0
    ? 3
    : first >= 0xf0 && first < 0xf5
    ? 4
    : 0;
  if (size === 0 || at + size > bytes.length) return 0;
  try {
    STRICT.decode(bytes.subarray(at, at + size));
    return size;
  } catch {
    return 0;
  }
}

/** The bytes of a text that `decodeBytes` made. */
export function encodeBytes(text: string): Uint8Array {
  if (text.isWellFormed()) return ENCODER.encode(text);
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else bytes.push(...ENCODER.encode(char));
  }
  return Uint8Array.from(bytes);
}
