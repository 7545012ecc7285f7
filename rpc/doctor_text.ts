import { visible } from "../report/text.ts";
import type { Compared, Diagnosis } from "./doctor.ts";
import type { Conclusion } from "./engines.ts";

const WIDTH = 118;

/** The diagnosis as people read it. */
export function diagnosisText(diagnosis: Diagnosis): string {
  const { asked, features, engines, breaks, configFiles, plugins, libcriu, path } = diagnosis;
  return [
    heading(diagnosis),
    ...(path === null ? [] : [section(
      "Asked as its clients ask",
      table(asked.map(({ client, question, succeeded, answer }) => [
        client,
        question,
        succeeded ? answer : `FAILED  ${answer}`,
      ])),
    )]),
    section("Beside cready's probes", comparison(features)),
    section("What container engines conclude", engines.flatMap(conclusion)),
    section(
      "Known breaks of this criu on this kernel",
      diagnosis.version === null
        ? ["cannot be told without its version"]
        : breaks.length === 0
        ? ["none"]
        : breaks.flatMap(({ effect, since, fixedIn, depends, references, message }) => [
          ...wrapped(`${depends ? "may be: " : ""}${effect}`, ""),
          `  kernel ${since} or newer, ${
            fixedIn === null ? "mended in no release known here" : `mended in criu ${fixedIn}`
          }; ${references.join(", ")}`,
          ...(message === null ? [] : [`  criu prints: ${message}`]),
        ]),
    ),
    section(
      "Options that apply to every dump and restore",
      configFiles.length === 0 ? ["none: there is no configuration file"] : configFiles.flatMap((file) => [
        ...wrapped(`${visible(file.path)}, read by ${visible(file.readBy)}`, "  "),
        ...(file.options === null
          ? ["  cannot be read"]
          : file.options.length === 0
          ? ["  no options in it"]
          : file.options.map((one) => `  ${visible(one)}`)),
      ]),
    ),
    ...(path === null ? [] : [section(
      "Plugins and library",
      [
        ...plugins.map((one) => `${visible(one.path)}${one.purpose === null ? "" : `, for ${one.purpose}`}`),
        ...(plugins.length === 0 ? ["no plugin"] : []),
        libcriu === null ? "no libcriu.so.2, which crun loads" : `${visible(libcriu)}, which crun loads`,
      ],
    )]),
  ].join("\n");
}

function heading({ path, why, version, host, cached }: Diagnosis): string {
  const where = `Linux ${visible(host.kernel)} ${host.architecture}`;
  const first = path === null
    ? `no criu: ${why}; ${where}`
    : version === null
    ? `criu of unknown version, ${visible(path)}, ${where}`
    : `criu ${version.text}, ${visible(path)}, ${where}`;
  const cache = cached
    ? wrapped("/run/criu.kdat is there: criu repeats what it saw when that was written, whatever is so now", "")
    : [];
  return [first, ...cache].join("\n") + "\n";
}

function section(title: string, lines: readonly string[]): string {
  return `${title}\n${lines.map((line) => `  ${line}`.trimEnd() + "\n").join("")}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]!.length))) ?? [];
  return rows.map((row) => row.map((cell, i) => i === row.length - 1 ? cell : cell.padEnd(widths[i]!)).join("  "));
}

function comparison(features: readonly Compared[]): string[] {
  const word = (answer: boolean | null) => answer === null ? "-" : answer ? "yes" : "no";
  return table([
    ["", "criu", "go-criu's caller", "cready"],
    ...features.map(({ name, criu, goCriu, cready: { verdict, reason, remedies } }) => [
      name,
      word(criu),
      word(goCriu),
      verdict === "SUPPORTED" ? "supported" : `${verdict}: ${visible(remedies[0]?.why ?? reason ?? "")}`,
    ]),
  ]);
}

const WORDS = { YES: "yes", PARTLY: "partly", NO: "no" } as const;
const COLUMN = 23;

function conclusion({ engine, answer, statements, misled, installed }: Conclusion): string[] {
  const name = `${engine}${installed ? "" : " (not here)"}`.padEnd(COLUMN - 1);
  const lines = [...statements, ...misled.map((one) => `MISLED  ${one}`)].map(visible);
  const indent = " ".repeat(COLUMN + 7);
  return lines.flatMap((line, i) => {
    const [first, ...rest] = wrapped(line, "", WIDTH - indent.length);
    const start = i === 0 ? `${name} ${WORDS[answer].padEnd(7)}` : indent;
    return [`${start}${first}`, ...rest.map((one) => `${indent}${one}`)];
  });
}

/** Breaks a text at blanks; all lines but the first are indented. */
function wrapped(text: string, indent: string, width = WIDTH): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
