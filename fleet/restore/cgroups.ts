import { type Item, same } from "../item.ts";
import { need, type RestoreContext } from "./context.ts";

/** Controllers and hierarchies in which the tree was, which CRIU mounts to put it there again. */
export function judgeCgroups(context: RestoreContext): Item[] {
  const { facts: { cgroup }, host, here } = context;
  if (!cgroup || cgroup.controllers.length === 0) return [];
  const listed = new Set(
    (host.read("/proc/cgroups") ?? "").split("\n").filter((line) => !line.startsWith("#")).map((line) =>
      line.split("\t")[0]!
    ),
  );
  const lost = cgroup.controllers.flatMap(({ cnames }) => cnames).filter((name) => {
    // Without a name it is the hierarchy of version 2; `name=` is one without a controller, which can always be made.
    if (name === "") {
      return here.cgroups.version !== "V2" && here.cgroups.version !== "HYBRID" &&
        !host.read("/proc/filesystems")?.includes("\tcgroup2\n");
    }
    if (name.startsWith("name=") || !/^[a-z_]+$/.test(name)) return false;
    if (!listed.has(name)) return true;
    return here.cgroups.version === "V2" && here.cgroups.controllers.includes(name);
  });
  if (lost.length === 0) return [same("cgroups", here.cgroups.version)];
  return [
    need(
      "cgroups",
      lost.map((name) => name || "cgroup2").join(", "),
      here.cgroups.version,
      "blocks",
      "criu cannot mount these hierarchies to put the tree back where it was",
      "criu restore --manage-cgroups=ignore, or boot with the hierarchies of the dump",
    ),
  ];
}
