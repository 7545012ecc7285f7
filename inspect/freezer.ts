import { tryReadText } from "../ffi/files.ts";
import type { Sys } from "../ffi/sys.ts";
import type { CgroupLine } from "../proc/cgroup.ts";
import type { Mount } from "../proc/mountinfo.ts";

/** The folder of the frozen cgroup that a task is in; null where none is frozen, or none can be seen. */
export function frozenGroup(sys: Sys, mounts: readonly Mount[], lines: readonly CgroupLine[]): string | null {
  for (const line of lines) {
    const unified = line.hierarchy === 0;
    if (!unified && !line.controllers.split(",").includes("freezer")) continue;
    const folder = folderOf(mounts, line, unified);
    if (folder === null) continue;
    const text = unified ? tryReadText(sys, `${folder}/cgroup.events`) : tryReadText(sys, `${folder}/freezer.state`);
    if (text !== undefined && (unified ? /^frozen 1$/m.test(text) : text.trim() !== "THAWED")) return folder;
  }
  return null;
}

/** Where a cgroup is mounted. */
function folderOf(mounts: readonly Mount[], { path, controllers }: CgroupLine, unified: boolean): string | null {
  const mount = mounts.find(({ type, superOptions }) =>
    unified ? type === "cgroup2" : type === "cgroup" && superOptions.split(",").includes(controllers.split(",")[0]!)
  );
  if (!mount || path === "/") return null;
  if (mount.root === "/") return mount.point + path;
  return path.startsWith(`${mount.root}/`) ? mount.point + path.slice(mount.root.length) : null;
}
