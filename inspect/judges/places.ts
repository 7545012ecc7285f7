import { FD_DESC_INVALID, reportName } from "../file_name.ts";
import type { Report } from "../report.ts";
import type { Tree } from "../tree.ts";

/** The program, the current folder and the root folder, which criu stores as it stores open files. */
export function judgePlaces(tree: Tree, report: Report): void {
  for (const task of tree.living) {
    if (task.kernelThread) continue;
    for (const name of ["exe", "cwd", "root"] as const) {
      const link = task.link(name);
      const stat = task.fact(`${name} stat`, (dir) => dir.statx(name));
      if (link === null || stat === null) continue;
      reportName(tree, report, task, name, { fd: FD_DESC_INVALID, link, stat, mount: stat.mount }, "LINK");
    }
  }
}
