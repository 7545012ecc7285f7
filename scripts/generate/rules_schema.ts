import type { Rule, RuleMessage } from "../../rules/rule.ts";

const strings = (description: string) => ({ type: "array", items: { type: "string" }, description });

/** What of a rule is in docs/rules.json; a field that the type does not have, or has besides, does not compile. */
const FIELDS: Readonly<Record<keyof Rule, object>> = {
  id: { type: "string", pattern: "^[a-z][a-z0-9-]*$", description: "stable for ever" },
  resource: { type: "string", description: "kind of thing that it is about" },
  stage: {
    enum: ["DUMP", "RESTORE", "BOTH", "NONE"],
    description: "when criu meets it; NONE: it neither looks nor complains",
  },
  effect: {
    enum: ["SUPPORTED", "REFUSED", "NEEDS_OPTION", "NEEDS_FEATURE", "EXTERNAL", "UNKNOWN"],
    description: "SUPPORTED: criu goes on. REFUSED: no option helps. NEEDS_OPTION: it goes on with one of `options`. " +
      "NEEDS_FEATURE: it goes on where kernel and build have all `features`. EXTERNAL: it goes on where somebody outside, " +
      "such as a plugin or an option that names the object, takes care of it. UNKNOWN: what happens cannot be seen before",
  },
  fidelity: { enum: ["FULL", "PARTIAL", "LOST"], description: "how much of the state is there again after a restore" },
  title: { type: "string", description: "the situation" },
  seen: { type: "string", description: "where it is seen from outside, and what must be found there" },
  detail: { type: "string", description: "what criu does with it; may be empty" },
  options: strings("options of criu that let it go on, the one that keeps most state first"),
  cost: { type: ["string", "null"], description: "what these options cost at restore" },
  features: strings("ids of docs/features.md of which the rule needs all"),
  messages: {
    type: "array",
    items: message(),
    description: "what criu writes into its log, likeliest first",
  },
  remedy: { type: ["string", "null"], description: "what an operator does about it" },
  references: strings("where the facts are from, such as criu:criu/files.c:dump_one_file"),
  since: { type: "string", description: "first criu that treats it so; absent where 3.17 does already" },
  until: { type: "string", description: "first criu that no longer treats it so" },
  unobservable: { type: "string", description: "why no look from outside can see it; absent where one can" },
};

function message(): object {
  const fields: Readonly<Record<keyof RuleMessage, object>> = {
    text: { type: "string", description: "criu's printf format, without the file's prefix, line break and errno" },
    errno: { type: "boolean", description: "whether `: ` and the text of errno follow" },
    level: {
      enum: ["ERROR", "WARN", "INFO", "DEBUG", "MSG"],
      description: "how criu marks the line; absent where it is ERROR",
    },
  };
  return { type: "object", properties: fields, required: ["text"], additionalProperties: false };
}

const OPTIONAL = ["since", "until", "unobservable"];

/** The JSON Schema of docs/rules.json. */
export function rulesSchema(): object {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "urn:cready:schema:rules:1",
    title: "docs/rules.json: how criu treats what a process tree has",
    type: "object",
    properties: {
      schemaVersion: { const: 1, description: "an added field does not raise it" },
      criu: {
        type: "string",
        description: "the criu for which the rules hold, where since and until say nothing else",
      },
      rules: {
        type: "array",
        items: {
          type: "object",
          properties: FIELDS,
          required: Object.keys(FIELDS).filter((name) => !OPTIONAL.includes(name)),
          additionalProperties: false,
        },
      },
    },
    required: ["schemaVersion", "criu", "rules"],
    additionalProperties: false,
  };
}
