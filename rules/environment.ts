import { defineRules } from "./rule.ts";

/** What the caller of criu, the kernel and the program itself must bring before any task is looked at. */
export const ENVIRONMENT_RULES = defineRules("environment", [
  {
    id: "env-caps",
    stage: "DUMP",
    effect: "REFUSED",
    title: "caller has neither CAP_CHECKPOINT_RESTORE nor CAP_SYS_ADMIN",
    seen:
      "/proc/self/status CapEff (of the future dumper): neither CAP_CHECKPOINT_RESTORE (bit 40) nor CAP_SYS_ADMIN (bit 21) set",
    detail: "The dumper needs at least one of the two capabilities even when not root.",
    messages: [{
      text: "CRIU needs to have the CAP_SYS_ADMIN or the CAP_CHECKPOINT_RESTORE capability:",
      level: "MSG",
    }],
    remedy:
      "Run criu as root of the initial user namespace, or give its file one of the two capabilities: setcap cap_checkpoint_restore+eip /usr/sbin/criu.",
    references: ["criu:criu/cr-check.c:check_caps"],
    since: "3.18",
  },
  {
    id: "env-unprivileged",
    stage: "DUMP",
    effect: "NEEDS_OPTION",
    title: "caller is not root",
    seen: "geteuid() of the dumper: euid != 0 while CAP_CHECKPOINT_RESTORE is held",
    detail:
      "A non-root dumper must pass --unprivileged; cgroups are then skipped and several restore steps degrade (socket buffers, map_files fall back to path lookups or /proc/PID/mem).",
    options: ["--unprivileged"],
    cost: "cgroups are left out, and socket buffers and mapped files are restored by weaker means",
    messages: [{ text: "Running as non-root requires '--unprivileged'", level: "MSG" }],
    remedy: "Give --unprivileged, or run criu as root.",
    references: ["criu:criu/cr-check.c:check_caps"],
    since: "3.18",
  },
  {
    id: "env-map-files",
    stage: "DUMP",
    effect: "REFUSED",
    title: "links in /proc/PID/map_files cannot be followed",
    seen: "access(/proc/self/map_files, R_OK); follow one link of /proc/PID/map_files: EPERM or ENOENT",
    detail:
      "Category-1 check. Mapped files are resolved through map_files; without it only path guessing for unprivileged users remains.",
    features: ["map_files"],
    messages: [
      { text: "/proc/<pid>/map_files is inaccessible", errno: true },
      { text: "Can't open map_files", errno: true },
    ],
    remedy:
      "Boot a kernel with CONFIG_CHECKPOINT_RESTORE=y and run criu with CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN of the initial user namespace.",
    references: ["criu:criu/cr-check.c:check_map_files"],
  },
  {
    id: "env-proc-children",
    stage: "DUMP",
    effect: "REFUSED",
    title: "/proc/PID/task/TID/children is missing",
    seen: "/proc/PID/task/TID/children: file missing (kernel without CONFIG_PROC_CHILDREN)",
    detail: "The tree is walked only through these files; nothing else is used to find children.",
    messages: [{ text: "Can't open %d/task/%d/children on procfs", errno: true }],
    remedy: "Boot a kernel with CONFIG_PROC_CHILDREN=y.",
    references: ["criu:criu/proc_parse.c:parse_children"],
  },
  {
    id: "env-kcmp",
    stage: "DUMP",
    effect: "REFUSED",
    title: "kcmp(2) is missing",
    seen: "syscall kcmp(2): ENOSYS",
    detail: "Object identity (files, mm, fs, sighand) is decided with kcmp only.",
    features: ["kcmp"],
    messages: [{ text: "System call kcmp is not supported", errno: true }],
    remedy:
      "Boot a kernel with CONFIG_KCMP=y (CONFIG_CHECKPOINT_RESTORE before Linux 5.12), and let no seccomp filter forbid kcmp.",
    references: ["criu:criu/cr-check.c:check_kcmp"],
  },
  {
    id: "env-sock-diag",
    stage: "DUMP",
    effect: "REFUSED",
    title: "sockets of a family cannot be listed by sock_diag",
    seen:
      "NETLINK_SOCK_DIAG dump of AF_UNIX, AF_INET/6 tcp+udp(+raw), AF_PACKET, AF_NETLINK: ENOENT/EINVAL for a family (module *_diag absent)",
    detail:
      "In the netns shared with the dumper a missing module is only an error once a socket of that family is met; in a dumped netns the collection itself fails.",
    features: ["net_diag_raw"],
    messages: [{ text: "Sockets (family %d proto %d) are not collected" }],
    remedy:
      "Load the module of the family, such as `modprobe -a unix_diag tcp_diag udp_diag raw_diag netlink_diag af_packet_diag`, or boot a kernel that has it.",
    references: ["criu:criu/sockets.c:lookup_socket", "zdtm:static/socket-raw"],
  },
  {
    id: "env-posix-timers",
    stage: "DUMP",
    effect: "REFUSED",
    title: "/proc/PID/timers is missing",
    seen: "/proc/PID/timers: file missing (kernel without CONFIG_CHECKPOINT_RESTORE)",
    detail: "Opened for every task, not only for tasks that have timers.",
    features: ["posix_timers"],
    messages: [{ text: "Can't read posix timers file (pid: %d)" }],
    remedy: "Boot a kernel with CONFIG_CHECKPOINT_RESTORE=y and CONFIG_POSIX_TIMERS=y.",
    references: ["criu:criu/cr-dump.c:dump_one_task", "zdtm:static/posix_timers"],
  },
  {
    id: "env-uffd-lazy",
    stage: "RESTORE",
    effect: "NEEDS_FEATURE",
    title: "restore with lazy pages where userfaultfd is missing or forbidden",
    seen: "syscall userfaultfd(2) with UFFD_FEATURE_EVENT_*: ENOSYS/EPERM",
    detail: "Only needed when the plan is --lazy-pages.",
    features: ["uffd", "uffd_noncoop"],
    messages: [
      { text: "UFFD is not supported" },
      { text: "Lazy pages are not available" },
    ],
    remedy:
      "Restore without --lazy-pages, or boot a kernel with CONFIG_USERFAULTFD=y and set vm.unprivileged_userfaultfd=1 or run as root.",
    references: ["criu:criu/cr-check.c:check_uffd", "zdtm:static/uffd-events"],
  },
  {
    id: "env-dirty-track",
    stage: "DUMP",
    effect: "NEEDS_FEATURE",
    title: "memory tracking asked for where the kernel has no soft-dirty bits",
    seen: 'write "4" to /proc/self/clear_refs; pagemap bit 55: EINVAL or soft-dirty bit never set',
    detail: "Needed for pre-dump and for --track-mem chains.",
    features: ["mem_dirty_track"],
    messages: [
      { text: "Tracking memory is not available. Consider omitting --track-mem option." },
      { text: "Tracking memory is not available" },
    ],
    remedy:
      "Dump without --track-mem and --prev-images-dir and without a pre-dump, or boot a kernel with CONFIG_MEM_SOFT_DIRTY=y.",
    references: ["criu:criu/config.c:check_options", "zdtm:static/maps05", "zdtm:static/cow00"],
  },
  {
    id: "env-lazy-with-predump",
    stage: "DUMP",
    effect: "REFUSED",
    title: "pre-dump together with lazy pages",
    seen: "command plan: pre-dump together with --lazy-pages",
    detail: "The two modes exclude each other.",
    messages: [{ text: "Cannot pre-dump with --lazy-pages" }],
    remedy: "Leave out --lazy-pages for the pre-dumps; give it with the last dump only.",
    references: ["criu:criu/crtools.c:main"],
  },
  {
    id: "env-plugin-unloadable",
    stage: "DUMP",
    effect: "NEEDS_OPTION",
    title: "a plugin in the library folder cannot be loaded",
    seen:
      "files *.so in --libdir / $CRIU_LIBS_DIR / the built-in plugin directory: a library that cannot be loaded or has an unknown version",
    detail: "Every library of the directory is loaded on dump; one broken plugin makes the whole dump fail.",
    options: ["--libdir PATH"],
    cost: "what the plugin takes care of cannot be dumped then",
    messages: [{ text: "Unable to load %s: %s" }],
    remedy:
      "Remove the library that the message names from the plugin folder, or point --libdir at a folder without it.",
    references: ["criu:criu/plugin.c:cr_lib_load"],
  },
  {
    id: "env-pid-reuse",
    stage: "DUMP",
    effect: "NEEDS_FEATURE",
    title: "pre-dumps whose parent images do not tell when they were made",
    seen: "plan: pre-dump series: parent images without inventory uptime",
    detail:
      "Incremental dumps decide whether a pid was reused from start times in the parent inventory, or from a pidfd store kept by the RPC caller.",
    features: ["pidfd_store"],
    messages: [{ text: "Pid-reuse detection failed: no parent inventory, check warnings in get_parent_inventory" }],
    remedy:
      "Repeat the whole series of pre-dumps with one version of criu, or make a full dump without --prev-images-dir.",
    references: ["criu:criu/mem.c:detect_pid_reuse", "zdtm:transition/pidfd_store_sk", "zdtm:transition/pid_reuse"],
    unobservable: "It depends on the images of the dumps before, which cready inspect does not read.",
  },
  {
    id: "env-optional-speedups",
    stage: "DUMP",
    effect: "SUPPORTED",
    title: "faster ways of scanning, mapping and tracing",
    seen: "criu check: pagemap_scan, can_map_vdso, breakpoints, timer_cr_ids",
    detail:
      "Optional: faster scans, a cleaner vDSO remap, hardware breakpoints instead of syscall tracing, direct timer ids. Absence never refuses a dump.",
    features: ["pagemap_scan", "can_map_vdso", "breakpoints", "timer_cr_ids"],
    references: ["criu:criu/cr-check.c:cr_check", "zdtm:static/vdso00", "zdtm:static/posix_timers"],
  },
]);
