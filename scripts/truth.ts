/** Part of scripts/truth. */
import { criu } from "../tests/truth/criu.ts";
import { machine as machineFor } from "../tests/truth/machine.ts";
import { type Specimen, specimens } from "../tests/truth/sandbox.ts";
import { search } from "../tests/truth/search.ts";
import { type Trial, trial } from "../tests/truth/trial.ts";
import { SPECIMENS } from "../tests/arm64/specimens.ts";
import { armGuests, forGuest, guest } from "../tests/truth/vm.ts";
import { differencesText, truthPage } from "./generate/truth.ts";

const args = [...Deno.args];
function take(word: string): boolean {
  const at = args.indexOf(word);
  if (at >= 0) args.splice(at, 1);
  return at >= 0;
}
function value(word: string): string | undefined {
  const at = args.indexOf(word);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}

const onlyCriu = take("--criu-only");
const restores = !take("--no-restore");
const inGuest = take("--vm");
const onArm = take("--arm64");
const version = value("--criu") ?? "4.2.1";
const root = new URL("..", import.meta.url).pathname;
const OUT = `${root}dist/truth`;
const out = value("--out") ?? OUT;
const label = onArm ? `${version}-arm64` : inGuest ? `${version}-vm` : version;
const file = `${out}/${onlyCriu ? "criu" : "truth"}-${label}.ndjson`;

const all = await specimens();
const inArm = all.filter(({ name }) => SPECIMENS.includes(name));
const table = (onArm ? inArm : inGuest ? forGuest(all) : all).filter(({ name, kind }) =>
  args.length === 0 || args.includes(name) || args.includes(kind)
);
const unknown = args.filter((word) => !all.some(({ name, kind }) => word === name || word === kind));
if (unknown.length > 0) {
  console.error(`truth: there is no specimen and no kind of specimens ${unknown.join(", ")}`);
  Deno.exit(2);
}

const judge = await criu(version);
const machine = await machineFor(judge);
const logs = `${out}/logs${version === "4.2.1" ? "" : `-${version}`}`;
await Deno.mkdir(logs, { recursive: true });
const keepLog = (name: string, log: string) => Deno.writeTextFile(`${logs}/${name}.log`, log);

/** What criu itself says. */
async function alone(row: Specimen): Promise<Record<string, unknown> & { name: string }> {
  try {
    const { log, ...truth } = await search(row.name, judge, machine);
    if (!truth.ok) await keepLog(row.name, log);
    return { ...row, criu: version, ...truth };
  } catch (error) {
    return { ...row, criu: version, failed: error instanceof Error ? error.message : String(error) };
  }
}

const bench = { cready: `${root}dist/cready`, judge, machine, restore: restores, keepLog };
const done = new Map<string, Record<string, unknown>>();
const queue = [...table];
async function worker(): Promise<void> {
  for (let row = queue.shift(); row; row = queue.shift()) {
    note(onlyCriu ? await alone(row) : { ...await trial(row, bench) });
  }
}
function note(line: Record<string, unknown> & { name: string }): void {
  done.set(line.name, line);
  const { differences = [], unmade } = line as Partial<Trial>;
  if (unmade) console.log(`${line.name}: cannot be made here: ${unmade}`);
  for (const { kind, predicted, seen } of differences) {
    console.log(`${line.name}: ${kind}\n    predicted ${predicted}\n    seen      ${seen}`);
  }
  if (onlyCriu) console.log(`${line.name}${"failed" in line ? `: ${line.failed}` : ""}`);
}
if (onArm) { for (const one of await armGuests(table, version)) note({ ...one }); }
else if (inGuest) { for (const one of await guest(table, version)) note({ ...one }); }
else await Promise.all([worker(), worker()]);
await Deno.remove(machine.scratch, { recursive: true });

// A run of some specimens leaves what is known of the others.
try {
  for (const line of (await Deno.readTextFile(file)).trim().split("\n")) {
    const row = JSON.parse(line);
    if (!done.has(row.name)) done.set(row.name, row);
  }
} catch {
  // The first run.
}
const lines = all.map(({ name }) => done.get(name)).filter((line) => line !== undefined);
await Deno.writeTextFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
if (onlyCriu) {
  await Deno.writeTextFile(file.replace("ndjson", "txt"), lines.map((line) => aloneText(line as never)).join("\n"));
} else {
  const trials = lines as unknown as Trial[];
  await Deno.writeTextFile(`${out}/differences-${label}.txt`, differencesText(trials));
  if (args.length === 0 && restores && out === OUT) await writePage();
  const wrong = trials.filter(({ name, differences }) =>
    differences.length > 0 && table.some((row) => row.name === name)
  );
  console.log(`${table.length} specimens, ${wrong.length} with a difference`);
  Deno.exit(wrong.length > 0 ? 1 : 0);
}

/** docs/truth.md, of the last whole runs. */
async function writePage(): Promise<void> {
  const titles = {
    "4.2.1": "criu 4.2.1",
    "4.1.1": "criu 4.1.1",
    "4.2.1-vm": "criu 4.2.1 in a guest: tasks of other users",
    "4.2.1-arm64": "criu 4.2.1 on arm64, in a guest",
  };
  const runs = new Map<string, Trial[]>();
  for (const [name, title] of Object.entries(titles)) {
    try {
      const text = await Deno.readTextFile(`${OUT}/truth-${name}.ndjson`);
      runs.set(title, text.trim().split("\n").map((line) => JSON.parse(line)));
    } catch {
      // Not run yet.
    }
  }
  await Deno.writeTextFile(`${root}docs/truth.md`, truthPage(runs));
}

/** One specimen for people, of criu alone. */
function aloneText(row: Record<string, never>): string {
  const { name, kind, rules, about, ok, errors, options, still, restored, restoreErrors, failed } = row as Record<
    string,
    string[]
  >;
  const text = failed
    ? `cannot be made here: ${failed}`
    : (ok as unknown)
    ? "dumped"
    : options
    ? `dumped with ${options.join(" ")}`
    : "REFUSED";
  const lines = [`${name}   [${kind}: ${rules?.join(" ")}]`, `    ${about}`, `    ${text}`];
  if (!failed && !(ok as unknown)) lines.push(...errors!.map((error) => `      without options: ${error}`));
  if (!failed && !(ok as unknown) && !options) {
    lines.push(...still!.map((error) => `      with what it asks for: ${error}`));
  }
  if ((restored as unknown) === false) {
    lines.push(
      "    NOT RESTORED",
      ...restoreErrors!.map((error) => `      ${error}`),
    );
  }
  if ((restored as unknown) === true) lines.push("    restored");
  return `${lines.join("\n")}\n`;
}
