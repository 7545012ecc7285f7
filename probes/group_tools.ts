import type { Probe } from "./probe.ts";
import has_ipt_legacy from "./has_ipt_legacy.ts";
import nftables from "./nftables.ts";

/** The probes of programs on this host that `--feature` knows. */
export const PROBES: readonly Probe[] = [
  has_ipt_legacy,
  nftables,
];
