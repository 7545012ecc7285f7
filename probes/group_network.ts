import type { Probe } from "./probe.ts";
import external_net_ns from "./external_net_ns.ts";
import ipv6_freebind from "./ipv6_freebind.ts";
import link_nsid from "./link_nsid.ts";
import net_diag_raw from "./net_diag_raw.ts";
import network_lock_nftables from "./network_lock_nftables.ts";
import newifindex from "./newifindex.ts";
import nsid from "./nsid.ts";
import sk_ns from "./sk_ns.ts";
import sk_unix_file from "./sk_unix_file.ts";
import sockopt_buf_lock from "./sockopt_buf_lock.ts";
import tcp_half_closed from "./tcp_half_closed.ts";
import tun from "./tun.ts";
import tun_ns from "./tun_ns.ts";

/** The probes of networks and sockets that `--feature` knows. */
export const PROBES: readonly Probe[] = [
  external_net_ns,
  ipv6_freebind,
  link_nsid,
  net_diag_raw,
  network_lock_nftables,
  newifindex,
  nsid,
  sk_ns,
  sk_unix_file,
  sockopt_buf_lock,
  tcp_half_closed,
  tun,
  tun_ns,
];
