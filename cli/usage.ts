/** A fault of the caller's: one sentence for stderr. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const SHOWN = 200;

/** A caller's word as it may be shown: control bytes and lone surrogates as `\x1b`, no more than 200 characters. */
export function shown(word: string): string {
  const visible = [...word.slice(0, SHOWN + 1)].map((char) => {
    const code = char.codePointAt(0)!;
    const hidden = code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0xd800 && code < 0xe000) ||
      (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) || code === 0xfffd;
    return hidden ? `\\x${code.toString(16).padStart(2, "0")}` : char;
  });
  return visible.length > SHOWN ? `${visible.slice(0, SHOWN).join("")}…` : visible.join("");
}
