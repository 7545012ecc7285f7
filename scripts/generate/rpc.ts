import { criu_req_type as Type } from "../../proto/gen/rpc_pb.ts";
import { KEPT_OPEN, refused } from "../../rpc/answers.ts";
import { KNOWN_BREAKS } from "../../rpc/breaks.ts";
import { ENGINES } from "../../rpc/engines.ts";
import { PACKET_LIMIT, typeName } from "../../rpc/packet.ts";

/** The requests that are answered, and how. */
const ANSWERS: Readonly<Record<number, string>> = {
  [Type.CHECK]:
    "`success` is true when every check of category 1 is SUPPORTED; else `cr_errmsg` names the first that " +
    "is not, with its reason: what `cready check` says first",
  [Type.FEATURE_CHECK]: "`success` is true, and all three `features` are there: `mem_track` (mem_dirty_track), " +
    "`lazy_pages` (uffd and uffd-noncoop), `pidfd_store`. One that was not asked for as true is false, as in criu; one " +
    "that was asked for and is not there has its reason in `cr_errmsg`. Without `features` in the request: `success` " +
    "false, `cr_errno` 56 (EBADRQC)",
  [Type.VERSION]:
    "the version of the installed criu (`--criu PATH`, else the first in PATH), as `criu --version` tells " +
    "it. Without one: `success` false, `cr_errno` 2 (ENOENT) and why. Never a number of cready's",
};

const table = (header: readonly string[], rows: readonly (readonly string[])[]) =>
  [header, header.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

/** Which requests are answered how, one row a type. */
function requests(): string {
  const types = Object.values(Type).filter((one): one is Type => typeof one === "number");
  const rows = types.map((type) => {
    const { errno, message } = refused(type);
    const empty = refused(type).type === Type.EMPTY && type !== Type.EMPTY ? ", type EMPTY" : "";
    const answer = ANSWERS[type] ?? `\`success\` false${empty}, \`cr_errno\` ${errno}: “${message}”`;
    return [`\`${typeName(type)}\` ${type}`, answer, KEPT_OPEN.includes(type) ? "goes on" : "no answer, closed"];
  });
  const unknown = refused(null);
  rows.push([
    "any other number",
    `\`success\` false, type EMPTY, \`cr_errno\` ${unknown.errno}: “${unknown.message}”`,
    "no answer, closed",
  ]);
  return table(["request", "answer", "with `keep_open`"], rows);
}

function engines(): string {
  return table(
    ["engine", "asks", "read in"],
    ENGINES.map(({ engine, asks, source }) => [engine, asks, `\`${source}\``]),
  );
}

function breaks(): string {
  return table(
    ["kernel", "criu", "what fails", "message", "see"],
    KNOWN_BREAKS.map(({ since, architecture, fixedIn, effect, depends, message, references }) => [
      `${since} and newer${architecture ? `, ${architecture}` : ""}`,
      fixedIn === null ? "4.2 and older" : `older than ${fixedIn}`,
      `${depends ? "may be: " : ""}${effect}`,
      message === null ? "" : `\`${message}\``,
      references.join(", "),
    ]),
  );
}

/** docs/rpc.md, from its hand-written text: a line `<!-- NAME -->` is replaced by what NAME makes. */
export function rpcDoc(text: string): string {
  const parts: Readonly<Record<string, () => string>> = {
    requests,
    engines,
    breaks,
    limit: () => `${PACKET_LIMIT / 1024} kB`,
  };
  return "<!-- Made by scripts/generate.ts from scripts/generate/rpc.md and the tables in rpc/; edit those. -->\n" +
    text.replace(/<!-- (\w+) -->/g, (_whole, name: string) => {
      const part = parts[name];
      if (!part) throw new TypeError(`Cannot make ${name} for docs/rpc.md`);
      return part();
    });
}
