/** Every link of the documentation: what it points to is there, headings too; addresses of others are well-formed. */
import assert from "node:assert/strict";
import GithubSlugger from "github-slugger";
import { marked, type Token } from "marked";
import { ROOT } from "../cli/binary.ts";
import { documents } from "./documents.ts";

/** What a text links to, and what can be linked to in it. */
interface Markdown {
  readonly links: readonly string[];
  /** As GitHub makes them of headings. */
  readonly anchors: ReadonlySet<string>;
}

function read(text: string): Markdown {
  const links: string[] = [];
  const anchors = new Set<string>();
  const slugger = new GithubSlugger();
  marked.walkTokens(marked.lexer(text), (token: Token) => {
    if (token.type === "link" || token.type === "image") links.push(token.href);
    if (token.type === "heading") anchors.add(slugger.slug(plain(token.tokens ?? [])));
  });
  return { links, anchors };
}

/** A heading as it is read, without its marks. */
function plain(tokens: readonly Token[]): string {
  return tokens.map((token) =>
    "tokens" in token && token.tokens ? plain(token.tokens) : "text" in token ? token.text : ""
  )
    .join("");
}

const ADDRESS = /^[a-z][a-z0-9+.-]*:/i;

/** What is wrong with the links of these files, one line each. */
function complaints(root: string, paths: readonly string[]): string[] {
  const texts = new Map(paths.map((path) => [path, read(Deno.readTextFileSync(`${root}/${path}`))]));
  return [...texts].flatMap(([path, { links }]) =>
    links.filter((link) => !ADDRESS.test(link)).flatMap((link) => {
      const [file, anchor] = link.split("#") as [string, string?];
      const target = file === "" ? path : new URL(file, `file:///${path}`).pathname.slice(1).replace(/\/$/, "");
      if (!there(`${root}/${target}`)) return [`${path}: ${link}: there is no ${target}`];
      if (anchor === undefined) return [];
      const headings = texts.get(target)?.anchors;
      return headings?.has(anchor) ? [] : [`${path}: ${link}: there is no such heading`];
    })
  );
}

function there(path: string): boolean {
  try {
    return !!Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("every link of the documentation points to something that is there", () => {
  assert.deepEqual(complaints(ROOT, documents()), []);
  const all = documents().flatMap((path) => read(Deno.readTextFileSync(`${ROOT}/${path}`)).links);
  assert(all.length > 200, `only ${all.length} links were read`);
});

Deno.test("addresses of others are whole, and https", () => {
  for (const path of documents()) {
    for (const address of read(Deno.readTextFileSync(`${ROOT}/${path}`)).links.filter((link) => ADDRESS.test(link))) {
      const where = `${path}: ${address}`;
      assert(URL.canParse(address), where);
      const { protocol, hostname } = new URL(address);
      assert(protocol === "https:" && hostname.includes("."), where);
    }
  }
});

Deno.test("a link to a file or a heading that is not there is seen", () => {
  const folder = Deno.makeTempDirSync({ prefix: "cready-links-" });
  try {
    const text =
      "# A\n\n[b](b.md#here-it-is) [b](b.md#gone) ![c](c.png) [d](#a) [e](#e) [f](../a.md)\n\n| x |\n|---|\n| [g](g) |\n";
    Deno.mkdirSync(`${folder}/in`);
    Deno.writeTextFileSync(`${folder}/in/a.md`, text);
    Deno.writeTextFileSync(`${folder}/in/b.md`, "# B\n\n## `Here` it [is](a.md)\n");
    const found = complaints(folder, ["in/a.md", "in/b.md"]);
    assert.equal(found.length, 5, found.join("\n"));
    for (const link of ["b.md#gone", "c.png", "#e", "../a.md", " g:"]) {
      assert(found.some((line) => line.includes(link)), `${link} is not among\n${found.join("\n")}`);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
