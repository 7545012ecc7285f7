import type { Probe } from "./probe.ts";

/** Some probes, and the names by which criu knows them. */
interface Group {
  readonly names: string;
  load(): Promise<{ readonly PROBES: readonly Probe[] }>;
}

/** What `--feature` loads: compiling all probes to ask one takes longer than all else about it. */
export const GROUPS: readonly Group[] = [
  {
    names: "tun tun_ns tcp_half_closed sk_ns sk_unix_file net_diag_raw nsid link_nsid external_net_ns newifindex " +
      "network_lock_nftables sockopt_buf_lock ipv6_freebind",
    load: () => import("./group_network.ts"),
  },
  {
    names: "mem_dirty_track aio_remap compat_cr uffd uffd-noncoop can_map_vdso memfd_hugetlb overlayfs_maps " +
      "pagemap_scan pagemap_scan_guard_pages",
    load: () => import("./group_memory.ts"),
  },
  {
    names: "userns seccomp_suspend seccomp_filters loginuid cgroupns timens clone3_set_tid pidfd_store ns_pid " +
      "apparmor_stacking get_rseq_conf breakpoints",
    load: () => import("./group_process.ts"),
  },
  {
    names: "mnt_id timerfd fdinfo_lock autofs kcmp_epoll move_mount_set_group openat2 timer_cr_ids",
    load: () => import("./group_files.ts"),
  },
  {
    names: "nftables has_ipt_legacy",
    load: () => import("./group_tools.ts"),
  },
];

/** The probe of one of criu's names; undefined for any other word. */
export async function probeOf(criuName: string): Promise<Probe | undefined> {
  const group = GROUPS.find(({ names }) => names.split(" ").includes(criuName));
  return (await group?.load())?.PROBES.find((probe) => probe.criuName === criuName);
}
