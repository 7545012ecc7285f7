import type { CgroupLine } from "../../proc/cgroup.ts";
import { given } from "../plan.ts";
import type { Report } from "../report.ts";
import type { Tree } from "../tree.ts";

/** Control groups: where they are not the caller's criu mounts their file systems to write them down. */
export function judgeCgroups(tree: Tree, report: Report): void {
  const { caller, plan } = tree.around;
  if (given(plan, "unprivileged")) return;
  const own = new Set(caller.cgroup.flatMap(namesOf));
  const missing = new Set<string>();
  for (const task of tree.living) {
    for (const line of task.cgroup ?? []) {
      for (const name of namesOf(line)) {
        if (own.has(name) || name.startsWith("name=") || missing.has(name)) continue;
        missing.add(name);
        report.add({
          rule: "cg-controller-missing",
          task,
          subject: "task",
          reason: `it is under the controller ${name}, which is not among those of the caller`,
          values: [name],
          effect: "REFUSED",
          options: [],
        });
      }
    }
  }
  const ignored = plan.options.some(({ name, value }) => name === "manage-cgroups" && value === "ignore");
  if (ignored || given(plan, "cgroup-yard") || caller.has("CAP_SYS_ADMIN")) return;
  const paths = (lines: readonly CgroupLine[]) =>
    lines.map(({ controllers, path }) => `${controllers}:${path}`).join("\n");
  const task = tree.living.find(({ cgroup }) => cgroup !== null && paths(cgroup) !== paths(caller.cgroup));
  if (!task) return;
  report.add({
    rule: "cg-mount-denied",
    task,
    subject: "task",
    reason: "it is in another cgroup than the caller, who may not mount cgroup file systems without CAP_SYS_ADMIN",
    message: null,
    effect: "NEEDS_OPTION",
    options: ["--manage-cgroups=ignore", "--cgroup-yard PATH"],
  });
}

function namesOf({ controllers }: CgroupLine): string[] {
  return controllers.split(",");
}
