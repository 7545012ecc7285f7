/**
 * Types commands into a terminal and draws what is seen, letter by letter, as an SVG: deno run scripts/terminal_picture.ts
 * PROGRAMS FILE, run by scripts/terminal-picture. PROGRAMS is a tree of Debian with redis.
 */
import { ROOT } from "../tests/cli/binary.ts";
import { type } from "../tests/docs/shell.ts";

const [programs, file] = Deno.args as [string, string];

/** Typed and not shown: what the commands that are shown look at. */
const BEFORE = [
  "mkdir -p /var/lib/redis && cd /var/lib/redis",
  "(setsid redis-server --port 6379 --save '' --dir /var/lib/redis </dev/null >/dev/null 2>&1 &) ",
  "until redis-cli ping >/dev/null 2>&1; do sleep 0.1; done",
  "(setsid redis-cli subscribe news </dev/null >/dev/null 2>&1 &)",
  "until [[ $(redis-cli client list) == *sub=1* ]]; do sleep 0.1; done",
];
const SHOWN = [
  "cready check",
  "cready check --all",
  "cready inspect --name redis-server",
];

/** A stretch of text in one style, such as `31` for red. */
interface Run {
  readonly text: string;
  readonly style: string;
}

/** A line of a terminal, without what was erased again. */
function runsOf(line: string): Run[] {
  const runs: Run[] = [];
  let style = "0";
  // deno-lint-ignore no-control-regex -- a terminal's control sequences
  const whole = line.split(/\r(?:\x1b\[2?K)?|\x1b\[2?K/).at(-1)!;
  // deno-lint-ignore no-control-regex -- a terminal's control sequences
  for (const [, code, text] of whole.matchAll(/\x1b\[([\d;]*)m|([^\x1b]+)/g)) {
    if (text === undefined) style = code || "0";
    else runs.push({ text, style });
  }
  return runs;
}

/** As a terminal goes on in the next line where one is full. */
function wrapped(runs: readonly Run[]): Run[][] {
  const rows: Run[][] = [[]];
  let column = 0;
  for (const { text, style } of runs) {
    for (let at = 0; at < text.length;) {
      if (column === COLUMNS) {
        rows.push([]);
        column = 0;
      }
      const part = text.slice(at, at + COLUMNS - column);
      rows.at(-1)!.push({ text: part, style });
      column += part.length;
      at += part.length;
    }
  }
  return rows;
}

const FILL: Readonly<Record<string, string>> = { "31": "#f47067", "33": "#daaa3f", "2": "#8b949e", "32": "#57ab5a" };
const COLUMNS = 112, WIDTH = 8.4, HEIGHT = 19, SIZE = 14, MARGIN = 16;

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(/ (?= )/g, "\u00a0");
}

/** One `<text>` a line; each stretch has its place, so that another font's width moves nothing. */
function drawn(lines: readonly (readonly Run[])[]): string {
  const width = Math.ceil(COLUMNS * WIDTH + 2 * MARGIN), height = lines.length * HEIGHT + 2 * MARGIN;
  const texts = lines.flatMap((runs, row) => {
    let column = 0;
    return runs.filter(({ text }) => text.trim() !== "" || (column += text.length) < 0).map(({ text, style }) => {
      const lead = text.length - text.trimStart().length;
      const shown = text.trim();
      const x = MARGIN + (column + lead) * WIDTH, y = MARGIN + row * HEIGHT + SIZE;
      column += text.length;
      const fill = FILL[style] ? ` fill="${FILL[style]}"` : "";
      const weight = style === "1" ? ' font-weight="bold"' : "";
      return `<text x="${x.toFixed(1)}" y="${y}" textLength="${(shown.length * WIDTH).toFixed(1)}"${fill}${weight}>` +
        `${escape(shown)}</text>`;
    });
  });
  return [
    "<!-- Made by scripts/terminal-picture from what the program printed. -->",
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(SHOWN.join("; "))}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="#1c2128"/>`,
    `<g fill="#d1d7e0" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${SIZE}" xml:space="preserve">`,
    ...texts,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** What scripts/criu prints. */
function criu(words: string): string {
  const { stdout } = new Deno.Command(`${ROOT}/scripts/criu`, { args: [words] }).outputSync();
  return new TextDecoder().decode(stdout).trim();
}

const tools = criu("--tools");
const seen = await type(
  {
    where: "the picture",
    steps: [...BEFORE, ...SHOWN].map((command) => ({ command, output: ["…"] })),
    codes: [],
  },
  {
    columns: COLUMNS,
    env: { TERM: "xterm", NO_COLOR: "", PATH: "/usr/sbin:/usr/bin" },
    // Programs of one release of Debian, and criu, cready and iptables where its packages put them.
    preparation: `
      mkdir "$FOLDER/sbin"
      ln -s ${tools}/* "$BIN"/* "$FOLDER/sbin/"
      mount --rbind ${programs}/usr /usr
      mount --bind "$FOLDER/sbin" /usr/sbin`,
  },
);
const lines: Run[][] = [];
for (const [index, command] of SHOWN.entries()) {
  const one = seen[BEFORE.length + index];
  if (one?.code === null || one === undefined) throw new Error(`${command}: ${seen.at(-1)?.output.slice(0, 500)}`);
  if (index > 0) lines.push([]);
  lines.push([{ text: "$ ", style: "2" }, { text: command, style: "1" }]);
  lines.push(...one.output.trimEnd().split("\n").flatMap((line) => wrapped(runsOf(line))));
}
Deno.writeTextFileSync(file, drawn(lines));
console.error(`${file}: ${lines.length} lines`);
