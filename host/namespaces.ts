import type { Host } from "./host.ts";

/** A kind of namespace that this kernel has. */
export interface Namespace {
  /** As in /proc/PID/ns, such as `pid`. */
  readonly kind: string;
  /** How many may be made here (user.max_*_namespaces); null where there is no such limit. */
  readonly limit: number | null;
}

/** The kinds that /proc/self/ns lists, without those that only name what children will be in. */
export function namespaces(host: Host): Namespace[] {
  const kinds = (host.names("/proc/self/ns") ?? []).filter((name) => !name.endsWith("_for_children"));
  return kinds.map((kind) => {
    const limit = Number(host.sysctl(`user/max_${kind}_namespaces`) ?? NaN);
    return { kind, limit: Number.isFinite(limit) ? limit : null };
  });
}
