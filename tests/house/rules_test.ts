import assert from "node:assert/strict";
import { featureNamed } from "../../probes/registry.ts";
import { isRuleId, ruleNamed, RULES } from "../../rules/registry.ts";
import type { Rule } from "../../rules/rule.ts";
import { ENGINE_CAUSES } from "../../why/engines.ts";
import { ERRNO_CAUSES, GENERAL_CAUSES } from "../../why/general.ts";
import { CHOICES } from "../../why/refine.ts";

Deno.test("ids of rules and of other causes are unique and well formed", () => {
  const ids = [...RULES, ...GENERAL_CAUSES, ...ERRNO_CAUSES, ...ENGINE_CAUSES].map(({ id }) => id as string);
  assert.deepEqual(ids.filter((id, i) => ids.indexOf(id) !== i), []);
  for (const id of ids) assert.match(id, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
});

Deno.test("ruleNamed finds every rule", () => {
  for (const rule of RULES) {
    assert.equal(ruleNamed(rule.id), rule);
    assert(isRuleId(rule.id));
  }
  assert(!isRuleId("toString"));
});

/** Sentences: each begins large and the last ends with a full stop. */
const sentences = (text: string) => assert.match(text, /^[A-Z/][^\n]*[.]$/);
/** A clause: no full stop at its end, no line break, no double blank. */
const clause = (text: string) => assert.match(text, /^(?!.* {2})\S[^\n]{4,}[^.\s]$/);

const exists = (path: string) => {
  try {
    return Deno.statSync(new URL(path, import.meta.url)).isFile;
  } catch {
    return false;
  }
};

const CHECKS: readonly (readonly [string, (rule: Rule) => void])[] = [
  ["is in the file of its resource", ({ id, resource }) => {
    const path = `../../rules/${resource.replaceAll("-", "_")}.ts`;
    assert(exists(path), path);
    assert(Deno.readTextFileSync(new URL(path, import.meta.url)).includes(`id: "${id}"`));
  }],
  ["has a title", ({ title }) => {
    clause(title);
    assert(title.length <= 100, `${title.length} characters`);
  }],
  ["says how it is seen", ({ seen }) => assert(seen.length > 4)],
  ["has references that say of what kind they are", ({ references }) => {
    assert(references.some((one) => /^criu:(criu|compel|soccr|plugins)\/[\w/.-]+\.[ch]:\w+$/.test(one)));
    for (const one of references) assert.match(one, /^(criu|zdtm|man|linux|issue):\S+$/);
  }],
  ["says what an operator does where criu does not simply go on", ({ effect, remedy }) => {
    if (effect !== "SUPPORTED") assert(remedy !== null, "there is no remedy");
    if (remedy !== null) sentences(remedy);
  }],
  ["has a message of criu where it refuses", ({ effect, messages, detail, unobservable }) => {
    if (effect === "REFUSED") assert(messages.length > 0 || unobservable || detail.includes("prints"));
  }],
  ["has messages of one line, as criu's formats are", ({ messages }) => {
    for (const { text } of messages) {
      assert.equal(text, text.trim());
      assert(!text.includes("\n"));
      assert(!/%$/.test(text), "it ends in a lone %");
    }
  }],
  ["has each message once", ({ messages }) => {
    assert.equal(new Set(messages.map(({ text, errno }) => `${text}${errno}`)).size, messages.length);
  }],
  ["names only features that are probed", ({ features }) => {
    assert.deepEqual(features.filter((name) => featureNamed(name)?.id !== name), []);
  }],
  ["names features where it needs them", ({ effect, features }) => {
    if (effect === "NEEDS_FEATURE") assert(features.length > 0);
  }],
  ["names options where they help, and only there", ({ effect, options }) => {
    if (effect === "NEEDS_OPTION" || effect === "EXTERNAL") assert(options.length > 0);
    if (effect === "REFUSED") assert.deepEqual(options, []);
    for (const one of options) assert.match(one, /^--[a-z][a-z-]*[a-z]( \S+)*( \(restore\))?$/);
  }],
  ["says what options cost, in a clause", ({ cost }) => {
    if (cost !== null) clause(cost);
  }],
  ["names versions of criu", ({ since, until }) => {
    for (const version of [since, until]) {
      if (version !== undefined) assert.match(version, /^\d+\.\d+(\.\d+)?$/);
    }
  }],
  ["says in a sentence why it cannot be seen", ({ unobservable }) => {
    if (unobservable !== undefined) sentences(unobservable);
  }],
];

for (const rule of RULES) {
  Deno.test(`the rule ${rule.id} is whole`, async (t) => {
    for (const [name, check] of CHECKS) await t.step(name, () => check(rule));
  });
}

Deno.test("where several rules have one message, something decides between them or they are told together", () => {
  for (const [format, choice] of Object.entries(CHOICES)) {
    const sharing = RULES.filter(({ messages }) => messages.some(({ text }) => text === format)).map(({ id }) => id);
    assert(sharing.length > 0, format);
    const likely = choice(["1", "0", "", ""], {}) ?? [];
    assert.deepEqual(likely.filter((id) => !sharing.includes(id)), [], format);
  }
});

for (const { id, title, remedy } of [...GENERAL_CAUSES, ...ERRNO_CAUSES, ...ENGINE_CAUSES]) {
  Deno.test(`the cause ${id} is whole`, () => {
    clause(title);
    sentences(remedy);
  });
}

/** The source of everything below a folder of the program. */
function sourceOf(folder: URL): string {
  return [...Deno.readDirSync(folder)].map(({ name, isDirectory }) =>
    isDirectory
      ? sourceOf(new URL(`${name}/`, folder))
      : name.endsWith(".ts")
      ? Deno.readTextFileSync(new URL(name, folder))
      : ""
  ).join("\n");
}

/**
 * What criu dumps whole needs nobody to judge it: what no rule stands in the way of is dumped. Everything else that a
 * dump meets is judged, or says why it cannot be seen.
 */
Deno.test("every rule that a dump meets is judged in inspect/, or says why it cannot be", () => {
  const source = sourceOf(new URL("../../inspect/", import.meta.url));
  const met = RULES.filter(({ stage, effect, fidelity }) =>
    (stage === "DUMP" || stage === "BOTH") && !(effect === "SUPPORTED" && fidelity === "FULL")
  );
  const open = met.filter(({ id, unobservable }) => unobservable === undefined && !source.includes(`"${id}"`));
  assert.deepEqual(open.map(({ id }) => id), []);
});
