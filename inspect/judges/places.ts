import { FD_DESC_INVALID, reportName } from "../file_name.ts";
import { isSharedMemory } from "../kernel_mounts.ts";
import { type NameFault, nameFaults } from "../named_file.ts";
import type { Report } from "../report.ts";
import type { Tree } from "../tree.ts";

/** Whether nothing but leaving it to somebody outside helps, which is no help at restore for what has no descriptor. */
function isOutside({ options = [] }: NameFault): boolean {
  return options.length > 0 && options.every((text) => text.startsWith("--external "));
}

/** The program, the current folder and the root folder, which criu stores as it stores open files. */
export function judgePlaces(tree: Tree, report: Report): void {
  for (const task of tree.living) {
    if (task.kernelThread) continue;
    for (const name of ["exe", "cwd", "root"] as const) {
      const link = task.link(name);
      const stat = task.fact(`${name} stat`, (dir) => dir.statx(name));
      if (link === null || stat === null) continue;
      // A memfd goes into the images as memory, and nothing of it as a file.
      if (name === "exe" && isSharedMemory(tree, stat)) {
        report.add({
          rule: "attr-exe-memfd",
          task,
          subject: name,
          reason: `its program ${link} was executed from memory, and restore looks for a file`,
          message: null,
        });
        continue;
      }
      const file = { fd: FD_DESC_INVALID, link, stat, mount: stat.mount };
      const faults = nameFaults(tree, file);
      if (faults.some(isOutside)) {
        report.add({
          rule: "attr-cwd-root",
          task,
          subject: name,
          stage: "RESTORE",
          effect: "REFUSED",
          reason: `${name} is ${link} on a mount that the tree does not show, and cannot be handed in`,
          message: null,
        });
      }
      reportName(tree, report, task, name, file, "LINK", faults);
    }
  }
}
