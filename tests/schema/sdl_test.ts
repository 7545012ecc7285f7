/** The schema as a contract: what is described, what may not be in it, and what may not be taken out of it. */
import assert from "node:assert/strict";
import {
  buildSchema,
  findBreakingChanges,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isScalarType,
} from "graphql";
import { BARE_SDL } from "../../schema/bare.ts";
import { SDL } from "../../schema/text.ts";
import { cready } from "../cli/binary.ts";
import { testSchema } from "./schema.ts";

const root = new URL("../../", import.meta.url);
const own = (): GraphQLNamedType[] =>
  Object.values(testSchema().getTypeMap()).filter(({ name }) => !name.startsWith("__"));

Deno.test("docs/schema.graphql is what cready schema prints", async () => {
  const { stdout, code } = await cready(["schema"]);
  assert.equal(code, 0);
  assert.equal(stdout, Deno.readTextFileSync(new URL("docs/schema.graphql", root)));
  assert.equal(stdout, SDL);
});

Deno.test("every type, and every field and value that its name does not explain, is described", () => {
  // Names that say all there is to say.
  const plain = new Set([
    "Category.name",
    "Category.description",
    "Criu.path",
    "Finding.feature",
    "Finding.verdict",
    "Finding.probedAt",
    "Remedy.cause",
    "CriuAnswer.version",
    "CriuAnswer.verdict",
    "CriuAnswer.why",
    "CheckReport.scope",
    "CheckReport.outcome",
    "CheckReport.host",
    "Privilege.initialUserNamespace",
    "Process.pid",
    "Unreadable.path",
    "Inspection.process",
    "Inspection.dump",
    "Inspection.engine",
    "JudgedCriu.version",
    "DumpOption.text",
    "DumpOption.obstacles",
    "Obstacle.stage",
    "Obstacle.effect",
    "Obstacle.process",
    "Obstacle.reason",
    "Obstacle.options",
    "Obstacle.remedy",
  ]);
  const bare: string[] = [];
  for (const type of own()) {
    if (isScalarType(type) && type.name !== "DateTime") continue;
    if (!type.description) bare.push(type.name);
    if (isObjectType(type) || isInputObjectType(type)) {
      for (const [name, field] of Object.entries(type.getFields())) {
        if (!field.description && !plain.has(`${type.name}.${name}`)) bare.push(`${type.name}.${name}`);
      }
    }
    if (isEnumType(type) && type.name !== "Cause") {
      for (const value of type.getValues()) if (!value.description) bare.push(`${type.name}.${value.name}`);
    }
  }
  assert.deepEqual(bare, []);
});

Deno.test("there is no mutation, no JSON scalar, and no argument that is a path", () => {
  const schema = testSchema();
  assert.equal(schema.getMutationType(), undefined);
  const scalars = own().filter(isScalarType).map(({ name }) => name).sort();
  assert.deepEqual(scalars, ["Boolean", "DateTime", "Float", "ID", "Int", "String"]);
  for (const type of own()) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      for (const { name } of field.args) assert.doesNotMatch(name, /path|file|folder|dir|image|url/i);
    }
  }
});

/** The schema as it was published last: in the newest tag, and in the commit before this one. */
function published(): [revision: string, sdl: string][] {
  const git = (...args: string[]) => {
    const { success, stdout } = new Deno.Command("git", {
      args: ["-c", "safe.directory=*", "-C", root.pathname, ...args],
      stdin: "null",
      stderr: "null",
    }).outputSync();
    return success ? new TextDecoder().decode(stdout) : undefined;
  };
  const tag = git("describe", "--tags", "--abbrev=0")?.trim();
  return [tag, "HEAD~1", "HEAD"].flatMap((revision): [string, string][] => {
    const sdl = revision === undefined ? undefined : git("show", `${revision}:docs/schema.graphql`);
    return revision !== undefined && sdl !== undefined ? [[revision, sdl]] : [];
  });
}

/** What a client would notice, unless the changelog's newest part owns up to it. */
function breaks(before: string, now: string, changelog: string): string[] {
  const newest = changelog.split(/^## /m)[1] ?? "";
  if (/\*\*Breaking\*\*/.test(newest) && /schema|GraphQL/i.test(newest)) return [];
  return findBreakingChanges(buildSchema(before), buildSchema(now)).map(({ description }) => description);
}

Deno.test("nothing that was published is taken away unless CHANGELOG.md says Breaking", () => {
  const changelog = Deno.readTextFileSync(new URL("CHANGELOG.md", root));
  for (const [revision, sdl] of published()) assert.deepEqual(breaks(sdl, SDL, changelog), [], revision);
});

Deno.test("a breaking change is seen, and let pass when the changelog says so", () => {
  const without = SDL.replace(/ {2}"""\n[^"]*"""\n {2}architecture: String!\n/, "");
  const silent = "# Changelog\n\n## Unreleased\n\n- more.\n\n## 1.0\n\n- **Breaking** schema: less.\n";
  assert.deepEqual(breaks(SDL, without, silent), ["Field Host.architecture was removed."]);
  assert.deepEqual(breaks(SDL, SDL, silent), []);
  const owning = "# Changelog\n\n## Unreleased\n\n- **Breaking** schema: Host.architecture is gone.\n";
  assert.deepEqual(breaks(SDL, without, owning), []);
});

Deno.test("the schema without descriptions is the same schema, and a query that looks at descriptions gets them", async () => {
  const bare = buildSchema(BARE_SDL), whole = buildSchema(SDL);
  assert.deepEqual([...findBreakingChanges(bare, whole), ...findBreakingChanges(whole, bare)], []);
  assert.ok(!BARE_SDL.includes('"'));
  for (
    const query of [
      '{ __type(name: "Verdict") { description } }',
      "{ __schema { description queryType { description } } }",
    ]
  ) {
    const { stdout } = await cready(["query", query]);
    assert.match(stdout, /"description":"[A-Z][^"]{10,}"/);
  }
});

Deno.test("deno.lock names one graphql", () => {
  const { npm } = JSON.parse(Deno.readTextFileSync(new URL("deno.lock", root)));
  const copies = Object.keys(npm).filter((name) => name.startsWith("graphql@"));
  assert.deepEqual(copies, ["graphql@17.1.0"]);
});
