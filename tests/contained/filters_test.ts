/** Seccomp filters, which may refuse a call, say that there is none, end the caller, or make up that it was done. */
import { filtered } from "./surroundings.ts";
import { type Changes, type Row, surroundings } from "./table.ts";
import { argument, type Condition, DOCKER, ENOSYS, EPERM, type Refusal, refusing, withDefault } from "./seccomp.ts";

const EIO = 5, EACCES = 13, ENODEV = 19, EINVAL = 22, ENOTTY = 25, ENOPROTOOPT = 92, EOPNOTSUPP = 95, EAFNOSUPPORT = 97;
const PR_SET_MM = 35, AF_INET6 = 10, AF_NETLINK = 16, KCMP_EPOLL_TFD = 7, ARCH_MAP_VDSO_32 = 0x2002;
const PTRACE_PEEKSIGINFO = 0x4209, PTRACE_GET_RSEQ_CONFIGURATION = 0x420f;
const TIOCGPTPEER = 0x5441, SIOCGSKNS = 0x894c, SIOCUNIXFILE = 0x89e0, TFD_IOC_SET_TICKS = 0x40085400;
const TUNSETIFINDEX = 0x400454da, UFFDIO_API = 0xc018aa3f, PAGEMAP_SCAN = 0xc0606610;
/** Second argument of madvise, fcntl and the like, and of ioctl. */
const request = (number: number): Condition => argument(1, number);
const asked = (...refusal: Refusal) => refusal;

/** A tracer under seccomp may not look at the seccomp of others. */
const TRACER = "seccomp_suspend seccomp_filters";
const changed = (changes: Changes): Changes => ({ ...changes, SECCOMP: `${TRACER} ${changes.SECCOMP ?? ""}` });
const row = (name: string, rules: readonly Refusal[], changes: Changes, otherwise: Row["otherwise"] = {}): Row => ({
  name: `a filter that answers ${name}`,
  enter: filtered(refusing(...rules)),
  changes: changed(changes),
  otherwise,
});

const NETLINK = "sock_diag net_diag_raw newifindex network_lock_nftables nsid link_nsid";
const MOUNTS = "overlayfs_maps autofs move_mount_set_group";

/** Calls that are refused, or said not to be there. */
const REFUSED: readonly Row[] = [
  row("reboot(2) with EPERM, and lets all else pass", [["reboot", EPERM]], {}),
  row("mount with EPERM", [["mount", EPERM]], { SECCOMP: MOUNTS }),
  row("mount with EACCES and unshare with EPERM", [["mount", EACCES], ["unshare", EPERM]], {
    SECCOMP: `${MOUNTS} cgroupns userns timens link_nsid`,
  }),
  row("prctl(PR_SET_MM) with EINVAL", [["prctl", EINVAL, argument(0, PR_SET_MM)]], {
    INCONCLUSIVE: "prctl_mm_old prctl_mm_map userns",
  }, { userns: "without PR_SET_MM nothing can be restored in one" }),
  row("prctl(PR_SET_MM) with EPERM", [["prctl", EPERM, argument(0, PR_SET_MM)]], {
    INCONCLUSIVE: "prctl_mm_old prctl_mm_map userns",
  }, { userns: "without PR_SET_MM nothing can be restored in one" }),
  row("getsockopt with ENOPROTOOPT", [["getsockopt", ENOPROTOOPT]], {
    INCONCLUSIVE: "sock_peek_off tcp_repair so_gets tcp_repair_window tcp_half_closed sockopt_buf_lock",
  }),
  row("socket(AF_NETLINK) with EPERM", [["socket", EPERM, argument(0, AF_NETLINK)]], { INCONCLUSIVE: NETLINK }),
  row(
    "socket(AF_NETLINK) with EAFNOSUPPORT, and so of AF_INET6",
    [["socket", EAFNOSUPPORT, argument(0, AF_NETLINK)], ["socket", EAFNOSUPPORT, argument(0, AF_INET6)]],
    { INCONCLUSIVE: `${NETLINK} ipv6_freebind` },
  ),
  row("kcmp, userfaultfd, openat2, pidfd_open, clone3 and timer_create with ENOSYS", [
    ["kcmp userfaultfd openat2 pidfd_open clone3 timer_create timerfd_create memfd_create io_setup move_mount", ENOSYS],
  ], {
    SECCOMP:
      "kcmp kcmp_epoll uffd uffd_noncoop openat2 pidfd_store clone3_set_tid posix_timers timerfd memfd_hugetlb aio_remap " +
      "move_mount_set_group",
  }),
  row("some requests as if they were unknown", [
    asked("kcmp", EINVAL, argument(2, KCMP_EPOLL_TFD)),
    asked("arch_prctl", EINVAL, argument(0, ARCH_MAP_VDSO_32)),
    asked("ptrace", EIO, argument(0, PTRACE_PEEKSIGINFO)),
    asked("ptrace", EIO, argument(0, PTRACE_GET_RSEQ_CONFIGURATION)),
    asked("ioctl", ENOTTY, request(TFD_IOC_SET_TICKS)),
    asked("ioctl", ENOTTY, request(PAGEMAP_SCAN)),
    asked("ioctl", ENOTTY, request(SIOCGSKNS)),
    asked("ioctl", EINVAL, request(SIOCUNIXFILE)),
    asked("ioctl", EINVAL, request(TUNSETIFINDEX)),
    asked("mount", ENODEV),
    asked("vmsplice", EINVAL),
    asked("userfaultfd", EINVAL),
    asked("unshare", EINVAL),
    asked("openat2", EOPNOTSUPP),
  ], {
    INCONCLUSIVE: `kcmp_epoll can_map_vdso compat_cr ptrace_peeksiginfo get_rseq_conf timerfd pagemap_scan
      pagemap_scan_guard_pages sk_ns tun_ns sk_unix_file tun ${MOUNTS} vmsplice_unaligned uffd uffd_noncoop cgroupns
      userns timens link_nsid openat2`,
  }, { tun: "making the device is another request" }),
];

/** SECCOMP_RET_ERRNO with 0: the call is not made, and its caller is told that it was. */
const MADE_UP: readonly Row[] = [
  row("getsockopt with success", [["getsockopt", 0]], {
    INCONCLUSIVE: "sock_peek_off tcp_repair so_gets tcp_repair_window tcp_half_closed sockopt_buf_lock",
  }),
  row("setsockopt with success", [["setsockopt", 0]], {
    INCONCLUSIVE: "sock_peek_off tcp_repair so_gets tcp_repair_window tcp_half_closed sockopt_buf_lock ipv6_freebind",
  }),
  row("prctl and openat2 with success", [["prctl openat2", 0]], {
    INCONCLUSIVE: "prctl_mm_old prctl_mm_map timer_cr_ids openat2",
  }),
  row("calls that give descriptors, namespaces and mounts with success", [
    [
      "userfaultfd pidfd_open timer_create timerfd_create memfd_create io_setup unshare mount epoll_ctl flock",
      0,
    ],
  ], {
    INCONCLUSIVE: `uffd uffd_noncoop pidfd_store posix_timers timerfd memfd_hugetlb aio_remap cgroupns userns timens
      link_nsid ${MOUNTS} fdinfo_ext kcmp_epoll fdinfo_lock`,
  }),
  row("calls that do what no other call shows with success", [
    ["kcmp madvise vmsplice rt_sigqueueinfo inotify_add_watch bind statx move_mount pidfd_getfd shutdown", 0],
  ], {
    INCONCLUSIVE: `kcmp kcmp_epoll pagemap_scan_guard_pages vmsplice_unaligned sigqueueinfo fdinfo_ext ipv6_freebind
      overlayfs_maps move_mount_set_group pidfd_store tcp_half_closed`,
  }, { overlayfs_maps: "the mapping has to be compared with what statx(2) tells" }),
  row("other calls of the same with success", [["signalfd4 rt_sigtimedwait connect sendto", 0]], {
    INCONCLUSIVE: `fdinfo_ext sigqueueinfo tcp_half_closed sock_peek_off ${NETLINK}`,
  }),
  row(
    "ioctl requests with success",
    [TIOCGPTPEER, SIOCGSKNS, SIOCUNIXFILE, TFD_IOC_SET_TICKS, TUNSETIFINDEX, UFFDIO_API, PAGEMAP_SCAN].map((number) =>
      asked("ioctl", 0, request(number))
    ),
    {
      INCONCLUSIVE:
        "pty_lock sk_ns tun_ns sk_unix_file timerfd tun uffd uffd_noncoop pagemap_scan pagemap_scan_guard_pages",
    },
    { pty_lock: "a terminal that opens by its master is not locked", tun: "making the device is another request" },
  ),
];

const WHOLE: readonly Row[] = [
  {
    name: "a filter for 64-bit calls that ends whoever makes others, as SystemCallArchitectures=native of systemd",
    enter: filtered({ ...refusing(["reboot", EPERM]), architectures: ["SCMP_ARCH_X86_64"] }),
    changes: changed({ SECCOMP: "compat_cr" }),
  },
  {
    name: "root with docker's filter alone",
    enter: filtered(DOCKER),
    changes: changed({
      SECCOMP: `kcmp kcmp_epoll pidfd_store clone3_set_tid userns uffd uffd_noncoop clone_parent_newpid cgroupns timens
        network_lock_nftables link_nsid ${MOUNTS}`,
    }),
  },
  {
    name: "root with docker's list, and ENOSYS for all that is not on it",
    enter: filtered(withDefault(DOCKER, ENOSYS)),
    changes: changed({
      SECCOMP: `kcmp kcmp_epoll pidfd_store clone3_set_tid userns uffd uffd_noncoop clone_parent_newpid cgroupns timens
        network_lock_nftables link_nsid ${MOUNTS}`,
    }),
  },
];

surroundings([...REFUSED, ...MADE_UP, ...WHOLE]);
