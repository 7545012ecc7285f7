import type { Probe } from "./probe.ts";
import { CHECKED } from "./categories.ts";
import external_net_ns from "./external_net_ns.ts";
import has_ipt_legacy from "./has_ipt_legacy.ts";
import link_nsid from "./link_nsid.ts";
import nftables from "./nftables.ts";
import nsid from "./nsid.ts";
import sk_unix_file from "./sk_unix_file.ts";
import tun_ns from "./tun_ns.ts";

/** Everything that can be asked, in the order in which criu 4.2 checks it; those that only --feature reaches last. */
export const PROBES: readonly Probe[] = [
  ...CHECKED,
  tun_ns,
  sk_unix_file,
  nsid,
  link_nsid,
  external_net_ns,
  nftables,
  has_ipt_legacy,
];

/** The probe of a name: criu's, or cready's id. */
export function featureNamed(name: string): Probe | undefined {
  return PROBES.find((probe) => probe.criuName === name) ?? PROBES.find((probe) => probe.id === name);
}
