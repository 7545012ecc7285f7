import { capabilityNames } from "./capability.ts";
import { containerEngine } from "./container.ts";
import type { Host } from "./host.ts";

/** The rights with which the kernel was asked (schema/host.graphql). */
export interface Privilege {
  readonly uid: number;
  readonly capabilities: readonly string[];
  readonly seccompFilters: number | null;
  readonly initialUserNamespace: boolean;
  readonly container: string | null;
}

/** The rights of this process. */
export function privilegeOf(host: Host): Privilege {
  const { status } = host;
  return {
    uid: status.uids[1] ?? -1,
    capabilities: capabilityNames(status.effective),
    seccompFilters: status.seccompFilters ?? (host.filtered ? null : 0),
    initialUserNamespace: host.initialUserNamespace,
    container: containerEngine(host),
  };
}
