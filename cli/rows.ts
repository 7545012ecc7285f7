import { visible } from "../report/text.ts";

const WIDTH = 110;
const COLUMN = 14;

/** A label and a text behind it, broken at words and without control bytes; ends with a line break. */
export function row(label: string, text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of visible(text).split(" ")) {
    if (line && COLUMN + line.length + word.length >= WIDTH) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  lines.push(line);
  return lines.map((one, i) => `  ${(i === 0 ? label : "").padEnd(COLUMN - 2)}${one}`.trimEnd() + "\n").join("");
}
