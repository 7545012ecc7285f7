/** Part of scripts/truth. */
import { criu } from "../tests/truth/criu.ts";
import { specimens } from "../tests/truth/sandbox.ts";
import { search } from "../tests/truth/search.ts";

const args = [...Deno.args];
const take = (word: string, value = false) => {
  const at = args.indexOf(word);
  if (at < 0) return undefined;
  return args.splice(at, value ? 2 : 1)[value ? 1 : 0];
};
const only = take("--criu-only");
const version = take("--criu", true) ?? "4.2.1";
const out = take("--out", true) ?? "dist/truth";
const judge = await criu(version);
await Deno.mkdir(`${out}/logs`, { recursive: true });
const scratch = await Deno.makeTempDir({ prefix: "cready-truth-" });
const table = (await specimens()).filter(({ name, kind }) => args.length === 0 || args.includes(name) || args.includes(kind));
const queue = [...table];
const worker = async () => {
  for (let row = queue.shift(); row; row = queue.shift()) {
    let line: Record<string, unknown>;
    try {
      const { log, ...truth } = await search(row.name, judge, scratch);
      if (!truth.ok) await Deno.writeTextFile(`${out}/logs/${row.name}.log`, log);
      line = { ...row, criu: version, ...truth };
    } catch (error) {
      line = { ...row, criu: version, failed: `${error}` };
    }
    await Deno.writeTextFile(`${out}/criu-${version}.ndjson`, `${JSON.stringify(line)}\n`, { append: true });
    const { ok, errors, options, still, restored, restoreErrors, failed } = line as Record<string, string[]>;
    console.log(
      `${row.name.padEnd(32)} ${row.dump.padEnd(8)} ${failed ?? ((ok as unknown) ? "dumped" : options ? `with ${options.join(" ")}` : "REFUSED")}`,
      ok || failed ? "" : `| ${errors?.join(" / ").slice(0, 220)} ${options ? "" : `| ${still?.slice(0, 2).join(" / ").slice(0, 150)}`}`,
      (restored as unknown) === false ? `| NOT RESTORED ${restoreErrors?.slice(0, 2).join(" / ")}` : "",
    );
  }
};
if (only) await Promise.all([worker(), worker()]);
await Deno.remove(scratch, { recursive: true });
// The last line of each specimen counts.
const lines = (await Deno.readTextFile(`${out}/criu-${version}.ndjson`)).trim().split("\n").map((line) => JSON.parse(line));
const last = new Map<string, Record<string, unknown>>(lines.map((line) => [line.name, line]));
await Deno.writeTextFile(`${out}/criu-${version}.ndjson`, [...last.values()].map((line) => `${JSON.stringify(line)}\n`).join(""));
await Deno.writeTextFile(
  `${out}/criu-${version}.txt`,
  [...last.values()].map((row) => {
    const { name, kind, rules, about, ok, errors, options, still, restored, restoreErrors, failed } = row as Record<string, string[]>;
    const text = failed ? `cannot be made here: ${failed}` : (ok as unknown) ? "dumped" : options ? `dumped with ${options.join(" ")}` : "REFUSED";
    const lines = [`${name}   [${kind}: ${rules?.join(" ")}]`, `    ${about}`, `    ${text}`];
    if (!failed && !(ok as unknown)) lines.push(...errors!.map((error) => `      without options: ${error}`));
    if (!failed && !(ok as unknown) && !options) lines.push(...still!.map((error) => `      with what it asks for: ${error}`));
    if ((restored as unknown) === false) lines.push("    NOT RESTORED", ...restoreErrors!.map((error) => `      ${error}`));
    if ((restored as unknown) === true) lines.push("    restored");
    return `${lines.join("\n")}\n`;
  }).join("\n"),
);
