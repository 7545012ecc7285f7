import type { Probe } from "./probe.ts";
import aio_remap from "./aio_remap.ts";
import apparmor_stacking from "./apparmor_stacking.ts";
import autofs from "./autofs.ts";
import can_map_vdso from "./can_map_vdso.ts";
import cgroupns from "./cgroupns.ts";
import clone3_set_tid from "./clone3_set_tid.ts";
import clone_parent_newpid from "./clone_parent_newpid.ts";
import compat_cr from "./compat_cr.ts";
import fdinfo_lock from "./fdinfo_lock.ts";
import get_rseq_conf from "./get_rseq_conf.ts";
import ipv6_freebind from "./ipv6_freebind.ts";
import kcmp_epoll from "./kcmp_epoll.ts";
import loginuid from "./loginuid.ts";
import mem_dirty_track from "./mem_dirty_track.ts";
import memfd_hugetlb from "./memfd_hugetlb.ts";
import mnt_id from "./mnt_id.ts";
import move_mount_set_group from "./move_mount_set_group.ts";
import net_diag_raw from "./net_diag_raw.ts";
import network_lock_nftables from "./network_lock_nftables.ts";
import newifindex from "./newifindex.ts";
import ns_pid from "./ns_pid.ts";
import openat2 from "./openat2.ts";
import overlayfs_maps from "./overlayfs_maps.ts";
import pagemap_scan from "./pagemap_scan.ts";
import pagemap_scan_guard_pages from "./pagemap_scan_guard_pages.ts";
import pidfd_store from "./pidfd_store.ts";
import posix_timers from "./posix_timers.ts";
import prctl_mm_map from "./prctl_mm_map.ts";
import seccomp_filters from "./seccomp_filters.ts";
import seccomp_suspend from "./seccomp_suspend.ts";
import sk_ns from "./sk_ns.ts";
import sockopt_buf_lock from "./sockopt_buf_lock.ts";
import tcp_half_closed from "./tcp_half_closed.ts";
import tcp_repair_window from "./tcp_repair_window.ts";
import timens from "./timens.ts";
import timer_cr_ids from "./timer_cr_ids.ts";
import timerfd from "./timerfd.ts";
import tun from "./tun.ts";
import uffd from "./uffd.ts";
import uffd_noncoop from "./uffd_noncoop.ts";
import userns from "./userns.ts";
import { OPTIONAL, REQUIRED } from "./required.ts";

/** The four categories, in the order in which criu 4.2 checks them. */
export const CHECKED: readonly Probe[] = [
  ...REQUIRED,
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
  ...OPTIONAL,
];
