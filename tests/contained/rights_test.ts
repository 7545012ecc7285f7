/** Fewer rights than root's: other users, single capabilities, user namespaces, limits. */
import { type Changes, type Row, surroundings } from "./table.ts";
import { through } from "./surroundings.ts";
import { EVERYBODYS_TUN, NO_PTRACE_SYSCTL } from "./machine.ts";

const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const without = (...capabilities: string[]) =>
  through("setpriv", `--bounding-set=${capabilities.map((one) => `-${one}`).join(",")}`, "--inh-caps=-all");
/** A user other than root who has these capabilities, and no other. */
const having = (...capabilities: string[]) => {
  const list = capabilities.map((one) => `+${one}`).join(",");
  return through(...NOBODY, `--inh-caps=-all,${list}`, `--ambient-caps=-all,${list}`);
};

/** userfaultfd without CAP_SYS_PTRACE in the initial user namespace. */
const NO_PTRACE: Changes = { SYSCTL: NO_PTRACE_SYSCTL, CAPABILITY: "uffd_noncoop" };

/** What takes capabilities over the initial user namespace, or over its namespaces. */
const NET_ADMIN = "tcp_repair tcp_repair_window tcp_half_closed sk_ns sk_unix_file newifindex tun_ns";
const SYS_ADMIN =
  "seccomp_suspend seccomp_filters clone_parent_newpid cgroupns timens network_lock_nftables link_nsid " +
  "move_mount_set_group overlayfs_maps autofs";
const CHECKPOINT = "map_files ns_last_pid ipc_next_id clone3_set_tid";

const OTHER_USER: readonly Row[] = [
  {
    name: "uid nobody without capabilities",
    enter: through(...NOBODY),
    changes: { ...NO_PTRACE, CAPABILITY: `${NO_PTRACE.CAPABILITY} ${NET_ADMIN} ${SYS_ADMIN} ${CHECKPOINT} tun` },
    criu: "refuses",
  },
  {
    name: "uid nobody without capabilities and with no_new_privs",
    enter: through(...NOBODY, "--no-new-privs"),
    // With no_new_privs anybody may have a filter; looking at one takes the capability.
    changes: { ...NO_PTRACE, CAPABILITY: `${NO_PTRACE.CAPABILITY} ${NET_ADMIN} ${SYS_ADMIN} ${CHECKPOINT} tun` },
  },
  {
    name: "uid nobody with CAP_CHECKPOINT_RESTORE alone",
    enter: having("checkpoint_restore"),
    changes: { ...NO_PTRACE, CAPABILITY: `${NO_PTRACE.CAPABILITY} ${NET_ADMIN} ${SYS_ADMIN} tun` },
    criu: "answers",
  },
  {
    name: "uid nobody with CAP_NET_ADMIN alone",
    enter: having("net_admin"),
    changes: {
      ...NO_PTRACE,
      CAPABILITY: `${NO_PTRACE.CAPABILITY} ${SYS_ADMIN} ${CHECKPOINT}${EVERYBODYS_TUN ? "" : " tun tun_ns"}`,
    },
  },
  {
    name: "uid nobody with all that CRIU asks for",
    enter: having("checkpoint_restore", "sys_admin", "net_admin", "sys_ptrace", "sys_time", "dac_override"),
    criu: "answers",
  },
];

const LESS_THAN_ROOT: readonly Row[] = [
  {
    name: "root without any capability",
    enter: through("setpriv", "--bounding-set=-all", "--inh-caps=-all"),
    changes: {
      ...NO_PTRACE,
      CAPABILITY: `${NO_PTRACE.CAPABILITY} ${NET_ADMIN} ${SYS_ADMIN} ${CHECKPOINT} tun`,
    },
  },
  {
    name: "root without CAP_NET_ADMIN",
    enter: without("net_admin"),
    changes: { CAPABILITY: `${NET_ADMIN} tun network_lock_nftables link_nsid` },
    criu: "answers",
  },
  {
    name: "root without CAP_SYS_ADMIN",
    enter: without("sys_admin"),
    changes: { CAPABILITY: SYS_ADMIN },
    criu: "refuses",
  },
  {
    name: "root without CAP_SYS_ADMIN and CAP_CHECKPOINT_RESTORE",
    enter: without("sys_admin", "checkpoint_restore"),
    changes: { CAPABILITY: `${SYS_ADMIN} ${CHECKPOINT}` },
  },
  { name: "root without CAP_CHECKPOINT_RESTORE", enter: without("checkpoint_restore") },
  { name: "root without CAP_SYS_PTRACE", enter: without("sys_ptrace"), changes: NO_PTRACE, criu: "answers" },
  // PR_SET_MM_MAP takes no right (Linux 3.18), and CRIU uses it.
  { name: "root without CAP_SYS_RESOURCE", enter: without("sys_resource"), criu: "answers" },
  { name: "root without CAP_SYS_TIME", enter: without("sys_time"), changes: { CAPABILITY: "timens" }, criu: "answers" },
  {
    name: "root without CAP_AUDIT_CONTROL who has logged in",
    enter: through(
      "sh",
      "-e",
      "-c",
      'test ! -e /proc/self/loginuid || echo 0 >/proc/self/loginuid; exec "$0" "$@"',
      "setpriv",
      "--bounding-set=-audit_control",
      "--inh-caps=-all",
    ),
    changes: { CAPABILITY: "loginuid" },
    criu: "answers",
  },
  {
    name: "root without CAP_AUDIT_CONTROL who has not logged in",
    enter: through(
      "sh",
      "-e",
      "-c",
      'test ! -e /proc/self/loginuid || echo 4294967295 >/proc/self/loginuid; exec "$0" "$@"',
      "setpriv",
      "--bounding-set=-audit_control",
      "--inh-caps=-all",
    ),
    // Whoever has none may unset it, and set it once.
  },
];

surroundings([...OTHER_USER, ...LESS_THAN_ROOT]);
