/** Every link of the documentation: what it points to is there, headings too; addresses of others are well-formed. */
import assert from "node:assert/strict";
import { remark } from "remark";
import remarkValidateLinks from "remark-validate-links";
import { ROOT } from "../cli/binary.ts";
import { documents } from "./documents.ts";

/** A file as remark's plugins hand it on. */
type File = Awaited<ReturnType<ReturnType<typeof remark>["process"]>>;

/** What is wrong with the links of these files, one line each. */
async function complaints(cwd: string, paths: readonly string[]): Promise<string[]> {
  // What remark's command line gives to plugins that look at several files; links are judged when all have been read.
  const files: File[] = [];
  const completers: ((set: { valueOf(): File[] }) => Promise<void>)[] = [];
  const set = {
    valueOf: () => files,
    use: (completer: (typeof completers)[number]) => {
      if (!completers.includes(completer)) completers.push(completer);
    },
    add: () => {}, // a file that is no document: whether it is there is looked at all the same
  };
  for (const path of paths) {
    const value = Deno.readTextFileSync(`${cwd}/${path}`);
    // deno-lint-ignore no-explicit-any -- a part of the set is all that the plugin uses
    const processor = remark().use(remarkValidateLinks as any, { repository: false }, set as any);
    files.push(await processor.process({ cwd, path, value } as unknown as File));
  }
  for (const completer of completers) await completer(set);
  return files.flatMap(({ path, messages }) => messages.map(({ line, reason }) => `${path}:${line}: ${reason}`));
}

/** Addresses of other hosts in a text. */
function addresses(markdown: string): string[] {
  const found: string[] = [];
  const walk = (node: { type: string; url?: string; children?: unknown[] }) => {
    if ((node.type === "link" || node.type === "image") && node.url && /^[a-z][a-z0-9+.-]*:/i.test(node.url)) {
      found.push(node.url);
    }
    for (const child of node.children ?? []) walk(child as Parameters<typeof walk>[0]);
  };
  walk(remark().parse(markdown));
  return found;
}

Deno.test("every link of the documentation points to something that is there", async () => {
  assert.deepEqual(await complaints(ROOT, documents()), []);
});

Deno.test("addresses of others are whole, and https", () => {
  for (const path of documents()) {
    for (const address of addresses(Deno.readTextFileSync(`${ROOT}/${path}`))) {
      const where = `${path}: ${address}`;
      assert(URL.canParse(address), where);
      const { protocol, hostname } = new URL(address);
      assert(protocol === "https:" || protocol === "mailto:", where);
      assert(protocol === "mailto:" || hostname.includes("."), where);
    }
  }
});

Deno.test("a link to a file or a heading that is not there is seen", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "cready-links-" });
  try {
    Deno.writeTextFileSync(`${folder}/a.md`, "# A\n\n[b](b.md#here) [b](b.md#gone) [c](c.md) [d](#a) [e](#e)\n");
    Deno.writeTextFileSync(`${folder}/b.md`, "# B\n\n## Here\n");
    const found = await complaints(folder, ["a.md", "b.md"]);
    assert.equal(found.length, 3, found.join("\n"));
    for (const name of ["gone", "c.md", "#e"]) assert(found.some((line) => line.includes(name)), found.join("\n"));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
