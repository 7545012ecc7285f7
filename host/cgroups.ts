import type { Host } from "./host.ts";

/** Which hierarchies of cgroups are mounted: version 1, version 2, both, or none. */
export type CgroupVersion = "V1" | "V2" | "HYBRID" | "NONE";

/** The cgroups of this machine, as this process sees them. */
export interface Cgroups {
  readonly version: CgroupVersion;
  /** Controllers of the version 2 hierarchy, or those that version 1 hierarchies carry. */
  readonly controllers: readonly string[];
}

/** Reads them from the mounts of this process. */
export function cgroups(host: Host): Cgroups {
  const mounts = (host.read("/proc/self/mountinfo") ?? "").split("\n").flatMap((line) => {
    const [before, after] = line.split(" - ");
    const [type, , options] = after?.split(" ") ?? [];
    const point = before?.split(" ")[4];
    return type && point && options ? [{ type, point, options: options.split(",") }] : [];
  });
  const v2 = mounts.filter(({ type }) => type === "cgroup2");
  const v1 = mounts.filter(({ type }) => type === "cgroup");
  const known = new Set(
    (host.read("/proc/cgroups") ?? "").split("\n").filter((line) => !line.startsWith("#")).map((line) =>
      line.split("\t")[0]!
    ),
  );
  const of2 = v2.flatMap(({ point }) => (host.read(`${point}/cgroup.controllers`) ?? "").trim().split(" "));
  const of1 = v1.flatMap(({ options }) => options.filter((option) => known.has(option)));
  return {
    version: v1.length > 0 ? v2.length > 0 ? "HYBRID" : "V1" : v2.length > 0 ? "V2" : "NONE",
    controllers: [...new Set([...of2, ...of1].filter((name) => name !== ""))].sort(),
  };
}
