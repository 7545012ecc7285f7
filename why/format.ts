/** One conversion of a printf format, and the name under which its value is told. */
interface Conversion {
  readonly end: number;
  readonly pattern: string;
}

/** A printf format, ready to recognise what it printed. */
export interface Pattern {
  readonly format: string;
  readonly regexp: RegExp;
  /** What each value is, taken from the word before it: `pid`, `fd`, `path`; `value` where there is none. */
  readonly names: readonly string[];
  /** Words of the format that stand in every line that it prints, the longest first. */
  readonly words: readonly string[];
}

const CONVERSION = /%([-+ #0]*)(\d+|\*)?(?:\.(\d+|\*))?(hh|h|ll|l|z|j|t|L)?([diuxXocspmfgeq%])/y;

const HEX = "(?:0[xX])?[0-9a-fA-F]+";

/** What a conversion letter may have printed; `%q` is Go's, which quotes. */
const PRINTED: Readonly<Record<string, string>> = {
  d: "-?\\d+",
  i: "-?\\d+",
  u: "\\d+",
  x: HEX,
  X: HEX,
  o: "[0-7]+",
  c: ".",
  s: ".*?",
  p: `(?:${HEX}|\\(nil\\)|\\(null\\))`,
  m: ".*?",
  f: "-?[\\d.]+",
  g: "-?[\\d.e+-]+",
  e: "-?[\\d.e+-]+",
  q: '\\\\*".*?"',
};

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/**
 * Compiles a printf format into what recognises its output: as a whole line or, with `anywhere`, within one. With
 * `errno` a colon and the text of errno follow, as criu's pr_perror prints them.
 */
export function compile(format: string, { errno = false, anywhere = false } = {}): Pattern {
  let source = "";
  let bare = ""; // the format with NUL for each conversion
  const names: string[] = [];
  for (let at = 0; at < format.length;) {
    const conversion = format[at] === "%" ? conversionAt(format, at) : undefined;
    if (!conversion) {
      source += escaped(format[at]!);
      bare += format[at];
      at++;
      continue;
    }
    if (conversion.pattern === "%") {
      source += "%";
      bare += "%";
    } else {
      source += `\\s*(${conversion.pattern})`; // %8d is filled up with blanks
      names.push(nameBefore(bare, names));
      bare += "\0";
    }
    at = conversion.end;
  }
  if (errno) {
    source += ": (.+)";
    names.push("errno");
    bare += ":";
  }
  const words = bare.split(/\s+/).filter((word) => word && !word.includes("\0"))
    .sort((a, b) => b.length - a.length);
  return { format, regexp: new RegExp(anywhere ? source : `^${source}$`, "s"), names, words };
}

function conversionAt(format: string, at: number): Conversion | undefined {
  CONVERSION.lastIndex = at;
  const match = CONVERSION.exec(format);
  if (!match) return undefined;
  const letter = match[5]!;
  return { end: CONVERSION.lastIndex, pattern: letter === "%" ? "%" : PRINTED[letter]! };
}

/** `pid` in `(pid: %d)` and in `task %d`; `value2` for the second without a word. */
function nameBefore(bare: string, taken: readonly string[]): string {
  const word = /([A-Za-z]+)[\s:=@#'"([]*(?:0x)?$/.exec(bare)?.[1]?.toLowerCase();
  const name = word === undefined || STOP_WORDS.has(word) ? "value" : word;
  const count = taken.filter((one) => one.replace(/\d+$/, "") === name).length;
  return count === 0 ? name : `${name}${count + 1}`;
}

/** Words that say nothing of the value after them. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  "a an the of to for from on in at with by is has be and or not dump open find lookup read get".split(" "),
);
