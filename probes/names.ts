/**
 * The names that `criu check --feature` knows, in the order in which `--feature list` prints them: the ten of
 * the patch of 2016 first, then those that criu has since (criu/cr-check.c, feature_list).
 */
export const CRIU_NAMES: readonly string[] = (
  "mnt_id aio_remap timerfd tun userns fdinfo_lock seccomp_suspend seccomp_filters loginuid cgroupns " +
  "mem_dirty_track tun_ns autofs tcp_half_closed compat_cr uffd uffd-noncoop can_map_vdso sk_ns sk_unix_file " +
  "net_diag_raw nsid link_nsid kcmp_epoll timens external_net_ns clone3_set_tid newifindex nftables has_ipt_legacy " +
  "pidfd_store ns_pid apparmor_stacking network_lock_nftables sockopt_buf_lock memfd_hugetlb move_mount_set_group " +
  "openat2 get_rseq_conf ipv6_freebind pagemap_scan timer_cr_ids overlayfs_maps breakpoints pagemap_scan_guard_pages"
).split(" ");
