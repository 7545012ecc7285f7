import type { Host } from "./host.ts";

/** Files that container engines put into every container, and the engine they tell of. */
const MARKS: readonly (readonly [path: string, engine: string])[] = [
  ["/.dockerenv", "docker"],
  ["/run/.containerenv", "podman"],
];

/**
 * The container engine that this process seems to run in; null where nothing points to one. For people who
 * read a report: no verdict rests on it.
 */
export function containerEngine(host: Host): string | null {
  // systemd's container interface: the manager of the container says its own name.
  const named = host.read("/run/systemd/container")?.trim();
  if (named) return named;
  const found = MARKS.find(([path]) => host.read(path) !== undefined);
  if (found) return found[1];
  const variable = host.read("/proc/1/environ")?.split("\0").find((one) => one.startsWith("container="));
  return variable?.slice("container=".length) || null;
}
