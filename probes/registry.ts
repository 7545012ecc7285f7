import type { Host } from "../host/host.ts";
import { CRIU_NAMES } from "./names.ts";
import type { CategoryName, Probe } from "./probe.ts";
import aio_remap from "./aio_remap.ts";
import apparmor_stacking from "./apparmor_stacking.ts";
import autofs from "./autofs.ts";
import breakpoints from "./breakpoints.ts";
import can_map_vdso from "./can_map_vdso.ts";
import cgroupns from "./cgroupns.ts";
import clone3_set_tid from "./clone3_set_tid.ts";
import clone_parent_newpid from "./clone_parent_newpid.ts";
import compat_cr from "./compat_cr.ts";
import external_net_ns from "./external_net_ns.ts";
import fcntl_getowner_uids from "./fcntl_getowner_uids.ts";
import fdinfo_ext from "./fdinfo_ext.ts";
import fdinfo_lock from "./fdinfo_lock.ts";
import get_rseq_conf from "./get_rseq_conf.ts";
import has_ipt_legacy from "./has_ipt_legacy.ts";
import ipc_next_id from "./ipc_next_id.ts";
import ipv6_freebind from "./ipv6_freebind.ts";
import kcmp from "./kcmp.ts";
import kcmp_epoll from "./kcmp_epoll.ts";
import link_nsid from "./link_nsid.ts";
import loginuid from "./loginuid.ts";
import map_files from "./map_files.ts";
import mem_dirty_track from "./mem_dirty_track.ts";
import memfd_hugetlb from "./memfd_hugetlb.ts";
import mnt_id from "./mnt_id.ts";
import move_mount_set_group from "./move_mount_set_group.ts";
import net_diag_raw from "./net_diag_raw.ts";
import network_lock_nftables from "./network_lock_nftables.ts";
import newifindex from "./newifindex.ts";
import nftables from "./nftables.ts";
import ns_last_pid from "./ns_last_pid.ts";
import ns_pid from "./ns_pid.ts";
import nsid from "./nsid.ts";
import openat2 from "./openat2.ts";
import overlayfs_maps from "./overlayfs_maps.ts";
import pagemap_scan from "./pagemap_scan.ts";
import pagemap_scan_guard_pages from "./pagemap_scan_guard_pages.ts";
import pidfd_store from "./pidfd_store.ts";
import posix_timers from "./posix_timers.ts";
import prctl_mm_map from "./prctl_mm_map.ts";
import prctl_mm_old from "./prctl_mm_old.ts";
import proc_stat from "./proc_stat.ts";
import ptrace_peeksiginfo from "./ptrace_peeksiginfo.ts";
import pty_lock from "./pty_lock.ts";
import seccomp_filters from "./seccomp_filters.ts";
import seccomp_suspend from "./seccomp_suspend.ts";
import sigqueueinfo from "./sigqueueinfo.ts";
import sk_ns from "./sk_ns.ts";
import sk_unix_file from "./sk_unix_file.ts";
import so_gets from "./so_gets.ts";
import sock_diag from "./sock_diag.ts";
import sock_peek_off from "./sock_peek_off.ts";
import sockopt_buf_lock from "./sockopt_buf_lock.ts";
import special_mapping_mremap from "./special_mapping_mremap.ts";
import tcp_half_closed from "./tcp_half_closed.ts";
import tcp_repair from "./tcp_repair.ts";
import tcp_repair_window from "./tcp_repair_window.ts";
import timens from "./timens.ts";
import timer_cr_ids from "./timer_cr_ids.ts";
import timerfd from "./timerfd.ts";
import tun from "./tun.ts";
import tun_ns from "./tun_ns.ts";
import uffd from "./uffd.ts";
import uffd_noncoop from "./uffd_noncoop.ts";
import userns from "./userns.ts";
import vmsplice_unaligned from "./vmsplice_unaligned.ts";

/** Everything that can be asked, in the order in which criu 4.2 checks it; those that only --feature reaches last. */
export const PROBES: readonly Probe[] = [
  // REQUIRED
  map_files,
  sock_diag,
  ns_last_pid,
  sock_peek_off,
  kcmp,
  prctl_mm_old,
  fcntl_getowner_uids,
  proc_stat,
  tcp_repair,
  fdinfo_ext,
  vmsplice_unaligned,
  pty_lock,
  so_gets,
  ipc_next_id,
  sigqueueinfo,
  ptrace_peeksiginfo,
  special_mapping_mremap,
  // EXTRA
  prctl_mm_map,
  seccomp_suspend,
  seccomp_filters,
  mem_dirty_track,
  posix_timers,
  tun,
  timerfd,
  mnt_id,
  aio_remap,
  fdinfo_lock,
  clone_parent_newpid,
  cgroupns,
  tcp_repair_window,
  tcp_half_closed,
  userns,
  loginuid,
  can_map_vdso,
  uffd,
  uffd_noncoop,
  sk_ns,
  kcmp_epoll,
  net_diag_raw,
  clone3_set_tid,
  timens,
  newifindex,
  pidfd_store,
  ns_pid,
  network_lock_nftables,
  sockopt_buf_lock,
  memfd_hugetlb,
  move_mount_set_group,
  openat2,
  get_rseq_conf,
  ipv6_freebind,
  pagemap_scan,
  overlayfs_maps,
  timer_cr_ids,
  pagemap_scan_guard_pages,
  apparmor_stacking,
  // EXPERIMENTAL
  autofs,
  compat_cr,
  // OPTIONAL
  breakpoints,
  // only --feature reaches these
  tun_ns,
  sk_unix_file,
  nsid,
  link_nsid,
  external_net_ns,
  nftables,
  has_ipt_legacy,
];

/** The names that `--feature` takes and criu knows, in the order in which they are listed. */
export const FEATURE_NAMES: readonly string[] = CRIU_NAMES.filter((name) =>
  PROBES.some(({ criuName }) => criuName === name)
);

const SCOPES: Readonly<Record<Scope, readonly CategoryName[]>> = {
  REQUIRED: ["REQUIRED", "OPTIONAL"],
  EXTRA: ["REQUIRED", "EXTRA", "OPTIONAL"],
  EXPERIMENTAL: ["REQUIRED", "EXPERIMENTAL", "OPTIONAL"],
  ALL: ["REQUIRED", "EXTRA", "EXPERIMENTAL", "OPTIONAL"],
};

/** As criu's flags: none, --extra, --experimental, --all. */
export type Scope = "REQUIRED" | "EXTRA" | "EXPERIMENTAL" | "ALL";

/** What a check of that scope asks, in order; without what criu leaves out on such a machine. */
export function probesOf(scope: Scope, host: Host): Probe[] {
  return SCOPES[scope].flatMap((category) =>
    PROBES.filter((probe) => probe.category === category && (probe.appliesHere?.(host) ?? true))
  );
}

/** The probe of a name: criu's, or cready's id. */
export function featureNamed(name: string): Probe | undefined {
  return PROBES.find((probe) => probe.criuName === name) ?? PROBES.find((probe) => probe.id === name);
}
