import { compareCpus, type CpuMode } from "../../fleet/compare_cpu.ts";
import { type CompareVerdict, verdictOf } from "../../fleet/item.ts";
import { readCpuinfo } from "../../images/cpuinfo.ts";
import { bare, IMAGES } from "../../tests/fleet/cpu_images.ts";
import { ROWS } from "../../tests/fleet/restore_rows.ts";

const SIGNS: Readonly<Record<CompareVerdict, string>> = { GOOD: "yes", RISK: "risk", UNKNOWN: "?", BLOCKED: "no" };

/** docs/compare.md: what is compared and how, and the two tables that the tests prove. */
export function compareDoc(text: string): string {
  return `<!-- Made by scripts/generate.ts from docs/compare.txt, tests/testdata/cpuinfo and tests/fleet/restore_rows.ts; edit those. -->
${text.trim()}

## Processors, beside \`criu cpuinfo check\`

Images that the real criu wrote, on processors that qemu plays and (GraniteRapids) on a real one. Rows: where it was
dumped; columns: where it shall run; first criu's default (\`fpu\` and \`ins\`), then \`safe\`. In criu's modes the answer is that of
\`criu cpuinfo check\`, on the processor of the machine that runs the tests (\`tests/fleet/cpuinfo_test.ts\`) and in guests with eight
of these (\`tests/cpu/models_test.ts\`).

${processors()}

## Dumps, beside \`criu restore\`

Each row is made by the real criu, judged by \`cready compare --images\`, and then restored by criu with the options that
cready names (\`tests/fleet/restore_test.ts\`). Where something blocks, criu fails; where nothing does, what was restored runs.

| dump | cready | criu restore |
|---|---|---|
${
    ROWS.map(({ what, blocks, options = [] }) =>
      `| ${what} | ${said(blocks)} | ${blocks === null ? "succeeds" : "fails"}${
        options.length > 0 ? ` with ${options.map((one) => `\`${one}\``).join(", ")}` : ""
      } |`
    ).join("\n")
  }
`;
}

function said(blocks: string | RegExp | null): string {
  if (blocks === null) return "good";
  const id = typeof blocks === "string" ? blocks : blocks.source.replace(/[\^$\\]/g, "").replace("d+", "N");
  return `blocked: \`${id}\``;
}

function processors(): string {
  const vectors = [...IMAGES].map(([name, bytes]) => [name, readCpuinfo(name, bytes)] as const);
  const cell = (source: string, target: string) => {
    const [a, b] = [source, target].map((name) => vectors.find(([one]) => one === name)![1]) as [
      ReturnType<typeof readCpuinfo>,
      ReturnType<typeof readCpuinfo>,
    ];
    const verdict = (mode: CpuMode) =>
      SIGNS[verdictOf(compareCpus(bare(a), bare(b), mode).map(({ severity }) => severity))];
    return `${verdict("criu-default")} / ${verdict("safe")}`;
  };
  const names = vectors.map(([name]) => name);
  return [
    `| | ${names.join(" | ")} |`,
    `|---|${names.map(() => "---").join("|")}|`,
    ...names.map((source) => `| ${source} | ${names.map((target) => cell(source, target)).join(" | ")} |`),
  ].join("\n");
}
