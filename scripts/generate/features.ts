import type { Feature } from "../../probes/probe.ts";

const CATEGORIES: readonly (readonly [Feature["category"], string])[] = [
  ["REQUIRED", "Category 1: required by every dump and restore"],
  ["EXTRA", "Category 2: needed by some process trees (`--extra`)"],
  ["EXPERIMENTAL", "Category 3: experimental (`--experimental`)"],
  ["OPTIONAL", "Category 4: told, never counted"],
  [null, "Only by `--feature`"],
];

/** docs/features.md: all that is known of every feature. */
export function featuresDoc(features: readonly Feature[]): string {
  const parts = [
    "<!-- Made by scripts/generate.ts from the records in probes/; edit those. -->",
    "# What CRIU needs",
    "",
    `${features.length} checks and features, in the order in which \`criu check\` 4.2 asks for them. The name in ` +
    "brackets is the one that `--feature` takes; the others have none in criu, and cready takes its own.",
  ];
  for (const [category, title] of CATEGORIES) {
    parts.push("", `## ${title}`, "");
    for (const feature of features.filter((one) => one.category === category)) parts.push(...section(feature));
  }
  return `${parts.join("\n").trimEnd()}\n`;
}

function section(feature: Feature): string[] {
  const { id, criuName, title, since, impact, kconfig, modules, rights, mend, references, autoloads, slow, notOn } =
    feature;
  const row = (label: string, text: string) => text ? [`- **${label}**: ${text}`] : [];
  return [
    `### ${id}${criuName ? ` [\`${criuName}\`]` : ""}`,
    "",
    `${title}.`,
    "",
    ...row("without it", impact),
    ...row("since", since ? `Linux ${since}` : ""),
    ...row("kernel options", kconfig.map((name) => `\`${name}\``).join(", ")),
    ...row("modules", modules.map((name) => `\`${name}\``).join(", ")),
    ...row("needs", rights.map(rightText).join("; ")),
    ...row("if missing", mend),
    ...Object.entries(notOn ?? {}).flatMap(([name, { why, text }]) => row(`not on ${name}`, `${why}; ${text}`)),
    ...row("asking may load", autoloads.map((name) => `\`${name}\``).join(", ")),
    ...row("takes long", slow ?? ""),
    ...row("see", references.map((one) => `\`${one}\``).join(", ")),
    "",
  ];
}

function rightText(right: Feature["rights"][number]): string {
  if ("capability" in right) {
    const names = typeof right.capability === "string" ? [right.capability] : right.capability;
    const over = right.over === "initial" ? "the initial user namespace" : `the owner of the ${right.over} namespace`;
    return `${names.join(" or ")} over ${over}`;
  }
  if ("sysctl" in right) {
    const bounds = [
      right.min !== undefined ? `at least ${right.min}` : "",
      right.max !== undefined ? `at most ${right.max}` : "",
    ].filter(Boolean).join(" and ");
    return `sysctl ${right.sysctl.replaceAll("/", ".")} ${bounds}${right.unless ? ` (or ${right.unless})` : ""}`;
  }
  return `${right.writable} writable`;
}
