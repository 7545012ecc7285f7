/**
 * Fills a printf format of criu in (`%d`, `%s`, `%#x`, `%08lx` …). Returns null where there are fewer values than
 * places, or the format ends in a lone `%` (a macro of the 64-bit formats that its source leaves open).
 */
export function filled(format: string, values: readonly (string | number | bigint)[]): string | null {
  let used = 0;
  let whole = true;
  const text = format.replace(
    /%(%|([#0-]*)(\d*)(?:\.\d+)?(?:hh|h|ll|l|z|j)?([a-zA-Z]))|%/g,
    (all, escape, flags, width, kind) => {
      if (escape === "%") return "%";
      const value = values[used++];
      if (all === "%" || value === undefined) return whole = false, "";
      const body = shape(value, kind);
      const prefix = flags.includes("#") && body !== "0" ? (/[xp]/.test(kind) ? "0x" : kind === "o" ? "0" : "") : "";
      const zero = flags.includes("0") ? Math.max(0, Number(width) - prefix.length - body.length) : 0;
      const full = prefix + "0".repeat(zero) + body;
      return flags.includes("-") ? full.padEnd(Number(width)) : full.padStart(Number(width));
    },
  );
  return whole ? text : null;
}

function shape(value: string | number | bigint, kind: string): string {
  if (typeof value === "string") return value;
  if (kind === "x") return value.toString(16);
  if (kind === "X") return value.toString(16).toUpperCase();
  if (kind === "p") return value.toString(16);
  if (kind === "o") return value.toString(8);
  return value.toString();
}
