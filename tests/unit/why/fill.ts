import fc from "fast-check";

const CONVERSION = /%[-+ #0]*(?:\d+)?(?:hh|h|ll|l|z|j|t|L)?([diuxXocspfq%])/g;

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789/._-";
const word = fc.string({ unit: fc.constantFrom(...LETTERS), minLength: 1, maxLength: 20 });

/** What printf may make of a conversion. */
const VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  d: fc.integer().map(String),
  i: fc.integer().map(String),
  u: fc.nat().map(String),
  x: fc.nat().map((n) => n.toString(16)),
  X: fc.nat().map((n) => n.toString(16).toUpperCase()),
  o: fc.nat().map((n) => n.toString(8)),
  c: fc.constantFrom("S", "D", "t"),
  p: fc.nat().map((n) => `0x${n.toString(16)}`),
  f: fc.constant("1.5"),
  s: fc.oneof(word, fc.constant("/var/lib/a file"), fc.constant("anon_inode:[x]")),
  q: word.map((text) => `"${text}"`),
  "%": fc.constant("%"),
};

/** Everything that a printf format may print. */
export function printed(format: string): fc.Arbitrary<string> {
  const parts: fc.Arbitrary<string>[] = [];
  let from = 0;
  for (const match of format.matchAll(CONVERSION)) {
    parts.push(fc.constant(format.slice(from, match.index)), VALUES[match[1]!]!);
    from = match.index + match[0].length;
  }
  parts.push(fc.constant(format.slice(from)));
  return fc.tuple(...parts).map((texts) => texts.join(""));
}

const prefixes = fc.constantFrom("", "inet: ", "mnt: ", "sockets: ", "cg: ", "page-xfer: ");
const time = fc.nat({ max: 99_999_999 }).map((n) =>
  `(${String(n / 1e6 | 0).padStart(2, "0")}.${String(n % 1e6).padStart(6, "0")})`
);

/** A whole line of criu's log around a text. */
export function logLine(text: fc.Arbitrary<string>, level: "Error" | "Warn "): fc.Arbitrary<string> {
  const pid = fc.oneof(fc.constant(""), fc.nat({ max: 4_194_304 }).map((n) => `${String(n).padStart(6)}: `));
  return fc.tuple(time, pid, fc.nat(), prefixes, text).map(([at, who, line, prefix, what]) =>
    `${at} ${who}${level} (criu/files.c:${line}): ${prefix}${what}\n`
  );
}

const ENCODER = new TextEncoder();

/** A text as bytes. */
export const bytes = (text: string) => ENCODER.encode(text);
