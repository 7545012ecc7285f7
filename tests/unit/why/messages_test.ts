/** Every message of criu that the records have, filled in as criu fills it in, is recognised for what it is. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { RULES } from "../../../rules/registry.ts";
import type { RuleMessage } from "../../../rules/rule.ts";
import { ENGINE_CAUSES } from "../../../why/engines.ts";
import { ERRNO_CAUSES, FOLLOW_UPS, GENERAL_CAUSES, HARMLESS } from "../../../why/general.ts";
import { LogReader } from "../../../why/reader.ts";
import { bytes, logLine, printed } from "./fill.ts";

const RUNS = 20;
/** Errnos that explain nothing by themselves. */
const ERRNOS = ["Operation not permitted", "No such file or directory", "Invalid argument", "Success"];

function diagnose(text: string) {
  const reader = new LogReader();
  reader.push(bytes(text));
  return reader.end();
}

/** What criu may print of a message. */
function lineOf({ text, errno, level }: RuleMessage): fc.Arbitrary<string> {
  const filled = printed(text);
  const whole = errno ? fc.tuple(filled, fc.constantFrom(...ERRNOS)).map((two) => two.join(": ")) : filled;
  return level === "MSG" ? whole.map((line) => `${line}\n`) : logLine(whole, level === "WARN" ? "Warn " : "Error");
}

/** Messages that are a rule's with these values alone. */
const ONLY: Readonly<Record<string, string>> = {
  "send_fds failed (%d)": "send_fds failed (-22)",
  "Can't open %s": "mnt: Can't open ./odd \\012name: No such file or directory",
};

const known = (text: string) => {
  const { causes, warnings } = diagnose(text);
  return [...causes, ...warnings].flatMap(({ id, also }) => [id, ...also]);
};

for (const { id, messages } of RULES) {
  for (const message of messages) {
    // Lines without a mark are not looked at: they tell what goes well.
    if (message.level === "DEBUG" || message.level === "INFO") continue;
    const sharing: readonly string[] = RULES.filter((rule) => rule.messages.some(({ text }) => text === message.text))
      .map((rule) => rule.id);
    const line = message.text in ONLY
      ? fc.constant(`(00.1) Error (criu/x.c:1): ${ONLY[message.text]}\n`)
      : lineOf(message);
    Deno.test(`${id}: its message "${message.text}" is recognised`, () => {
      fc.assert(
        fc.property(line, (text) => {
          const found = known(text);
          assert.ok(found.some((one) => sharing.includes(one)), `${text}gave ${found.join(", ") || "nothing"}`);
          if (sharing.length === 1) assert.ok(found.includes(id));
        }),
        { numRuns: RUNS },
      );
    });
  }
}

for (const { id, messages } of GENERAL_CAUSES) {
  for (const message of messages) {
    Deno.test(`${id}: its message "${message.text}" is recognised`, () => {
      fc.assert(
        fc.property(lineOf(message), (text) => {
          const { causes, warnings, followUps } = diagnose(text);
          assert.ok(followUps > 0 || [...causes, ...warnings].some((cause) => cause.kind === "GENERAL"), text);
        }),
        { numRuns: RUNS },
      );
    });
  }
}

Deno.test("an errno that explains itself is told as the cause, whatever criu was doing", () => {
  for (const { id, errnos } of ERRNO_CAUSES) {
    for (const errno of errnos) {
      const { causes } = diagnose(`(00.1) Error (criu/x.c:1): something of which nothing is known: ${errno}\n`);
      assert.deepEqual(causes.map((cause) => cause.id), [id]);
    }
  }
});

for (const message of FOLLOW_UPS) {
  Deno.test(`what follows is no cause beside one: "${message.text}"`, () => {
    const cause = "(00.000001) Error (criu/files-ext.c:94): Can't dump file 3 of that type [60600] (chr 10:229)\n";
    fc.assert(
      fc.property(lineOf(message), (text) => {
        const { causes, followUps, unknown } = diagnose(cause + text);
        assert.equal(followUps, 1, text);
        assert.deepEqual(causes.map(({ id }) => id), ["dev-fuse-server"], text);
        assert.deepEqual(unknown, []);
      }),
      { numRuns: RUNS },
    );
  });
}

Deno.test("what criu marks as an error in runs that end well is no error", () => {
  for (const message of HARMLESS) {
    fc.assert(fc.property(lineOf(message), (text) => {
      const { causes, unknown, followUps } = diagnose(text);
      assert.deepEqual([causes, unknown, followUps], [[], [], 0]);
    }));
  }
});

for (const { id, messages } of ENGINE_CAUSES) {
  for (const message of messages) {
    Deno.test(`${id}: the sentence "${message}" of an engine is recognised`, () => {
      fc.assert(
        fc.property(printed(message), (text) => {
          const { causes } = diagnose(`Error: criu checkpoint failed: ${text}\n`);
          assert.ok(causes.some((cause) => cause.id === id), text);
        }),
        { numRuns: RUNS },
      );
    });
  }
}
