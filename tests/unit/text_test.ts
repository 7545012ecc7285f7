import assert from "node:assert/strict";
import { table } from "../../report/table.ts";
import { detailLines, findingLine, folded, visible } from "../../report/text.ts";
import { findingOf } from "./finding.ts";

const criuDiffers = { version: "4.2", verdict: "SUPPORTED", why: "it does not look" } as const;

Deno.test("findingLine is silent when supported and criu agrees", () => {
  assert.equal(findingLine(findingOf("SUPPORTED")), undefined);
});

Deno.test("findingLine is an Error of category 1 and a Warn of the others", () => {
  assert.deepEqual(findingLine(findingOf("BLOCKED", "REQUIRED")), {
    level: 1,
    text: "Error (cready/kcmp_epoll): kcmp(x): EINVAL",
  });
  assert.deepEqual(findingLine(findingOf("UNSUPPORTED")), {
    level: 2,
    text: "Warn  (cready/kcmp_epoll): kcmp(x): EINVAL",
  });
});

Deno.test("findingLine says what criu would say", () => {
  assert.match(findingLine(findingOf("UNSUPPORTED", "EXTRA", { criuDiffers }))!.text, /; criu 4\.2 says supported$/);
  const no = { ...criuDiffers, verdict: "UNSUPPORTED" } as const;
  assert.match(
    findingLine(findingOf("SUPPORTED", "EXTRA", { criuDiffers: no }))!.text,
    /supported; criu 4\.2 says not supported$/,
  );
});

Deno.test("detailLines are cause, effect, what mends it and criu's answer", () => {
  assert.deepEqual(detailLines(findingOf("UNSUPPORTED", "EXTRA", { criuDiffers })), [
    "        missing   CONFIG_KCMP is not set",
    "        without   nothing works",
    "        mend      set it: make",
    "        criu 4.2  says supported: it does not look",
  ]);
  assert.equal(detailLines(findingOf("BLOCKED"))[0], "        blocked   CONFIG_KCMP is not set");
  assert.equal(detailLines(findingOf("INCONCLUSIVE"))[2], "        decide    set it: make");
  assert.deepEqual(detailLines(findingOf("SUPPORTED")), []);
});

Deno.test("visible lets no control byte through", () => {
  assert.equal(visible("a\x1b[31mb\r\n\x7f\x9b"), "a\\x1b[31mb\\x0d\\x0a\\x7f\\x9b");
});

Deno.test("table aligns its columns and names the cause", () => {
  assert.equal(
    table([
      findingOf("SUPPORTED", "REQUIRED", { id: "kcmp" }),
      findingOf("UNSUPPORTED"),
      findingOf("INCONCLUSIVE", null),
    ]),
    "FEATURE     CAT  VERDICT       WHY\n" +
      "kcmp          1  supported\n" +
      "kcmp_epoll    2  UNSUPPORTED   CONFIG_KCMP is not set\n" +
      "kcmp_epoll    -  INCONCLUSIVE  kcmp(x): EINVAL\n",
  );
});

const LINE = "        without   pre-dumps, incremental dumps and live migration are impossible: pages cannot be found";

for (
  const [name, line, columns, expected] of [
    ["between words, under its second column", LINE, 60, [
      "        without   pre-dumps, incremental dumps and live",
      "                  migration are impossible: pages cannot be",
      "                  found",
    ]],
    ["not where it fits", LINE, LINE.length, [LINE]],
    ["not where the width is unknown", LINE, 0, [LINE]],
    ["not where it is no indented line", LINE.trimStart(), 60, [LINE.trimStart()]],
    ["not inside a word", `        mend      ${"x".repeat(80)} yes`, 60, [
      `        mend      ${"x".repeat(80)}`,
      "                  yes",
    ]],
  ] as const
) {
  Deno.test(`a line is broken ${name}`, () => assert.deepEqual(folded(line, columns).split("\n"), expected));
}
