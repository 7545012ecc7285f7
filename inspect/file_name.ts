import type { RuleId } from "../rules/registry.ts";
import { type NamedFile, nameFaults } from "./named_file.ts";
import type { Report } from "./report.ts";
import type { Task } from "./task.ts";
import type { Tree } from "./tree.ts";

/** What criu prints for the descriptor of what has none. */
export const FD_DESC_INVALID = -3;

/** Rules of files that have another name where the file is behind a mapping, and the beginning of what criu prints. */
const OF_MAPPINGS: Readonly<Partial<Record<RuleId, readonly [RuleId, string]>>> = {
  "file-deleted-ghost-big": ["mem-file-deleted", "Can't dump ghost file"],
  "file-deleted-linked": ["mem-file-deleted", "Can't create link remap"],
  "file-mount-unknown": ["mem-file-other-mntns", "Can't lookup mount"],
};

/** Mappings come first, exe, cwd and root last of what criu looks at in a task. */
const ORDER = { MAPPING: 900, LINK: 986 } as const;

/** Reports what keeps criu from storing a file by its name, which is no descriptor but a mapping, or exe, cwd or root. */
export function reportName(
  tree: Tree,
  report: Report,
  task: Task,
  subject: string,
  file: NamedFile,
  kind: "MAPPING" | "LINK",
  faults = nameFaults(tree, file),
): void {
  for (const fault of faults) {
    const [rule, message] = (kind === "MAPPING" ? OF_MAPPINGS[fault.rule] : undefined) ?? [fault.rule, undefined];
    report.add({
      ...fault,
      task,
      subject,
      rule,
      order: ORDER[kind],
      ...(message !== undefined && fault.message === undefined ? { message } : {}),
    });
  }
}
