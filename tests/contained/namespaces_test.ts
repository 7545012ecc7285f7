/** Root of a user namespace, which owns some namespaces and not others. */
import { type Changes, type Row, surroundings } from "./table.ts";
import { through } from "./surroundings.ts";
import { NO_PTRACE_SYSCTL } from "./machine.ts";

const UFFD: Changes = { SYSCTL: NO_PTRACE_SYSCTL };

/** Capabilities over the initial user namespace. */
const INITIAL = "map_files seccomp_suspend seccomp_filters uffd_noncoop autofs";
/** Over the owner of the net namespace. */
const NET = "tcp_repair tcp_repair_window tcp_half_closed sk_ns sk_unix_file newifindex tun_ns";
const IPC = "ipc_next_id";
const PID = "ns_last_pid clone3_set_tid";
const MOUNTS = "move_mount_set_group";

/** A session of its own, as criu wants for autofs, and the loopback interface up, for a program that is run then. */
const LOOPBACK_UP = [
  "python3",
  "-c",
  `import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    fcntl.ioctl(one, 0x8914, struct.pack("16sH22x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
os.setsid()
os.execvp(sys.argv[1], sys.argv[1:])`,
];
/** What needs another namespace of a kind. */
const LIMITED: Readonly<Record<string, string>> = {
  user: "userns",
  mnt: "move_mount_set_group overlayfs_maps autofs",
  pid: "clone_parent_newpid",
  net: "network_lock_nftables link_nsid",
  cgroup: "cgroupns",
  time: "timens",
};

const ROWS: readonly Row[] = [
  {
    name: "unshare -Urpf --mount-proc",
    enter: through("unshare", "-Urpf", "--mount-proc"),
    changes: { ...UFFD, CAPABILITY: `${INITIAL} ${NET} ${IPC}` },
    criu: "answers",
  },
  {
    name: "unshare -Urpf --mount-proc, with a network of its own whose loopback is down",
    enter: through("unshare", "-Urpfn", "--mount-proc"),
    changes: { ...UFFD, CAPABILITY: `${INITIAL} ${IPC}`, DEVICE: "tcp_half_closed" },
    criu: "refuses",
  },
  {
    name: "unshare -Urpf --mount-proc, with ipc, uts and cgroup namespaces of its own",
    enter: through("unshare", "-UrpfmiuC", "--mount-proc"),
    changes: { ...UFFD, CAPABILITY: `${INITIAL} ${NET}` },
  },
  {
    name: "unshare -Urpf --mount-proc, with all namespaces of its own",
    enter: through("unshare", "-UrpfnmiuCT", "--mount-proc"),
    changes: { ...UFFD, CAPABILITY: INITIAL, DEVICE: "tcp_half_closed" },
    criu: "refuses",
  },
  {
    name: "unshare -Urpf --mount-proc, with all namespaces of its own and the loopback up",
    enter: through("unshare", "-UrpfnmiuCT", "--mount-proc", ...LOOPBACK_UP),
    changes: { ...UFFD, CAPABILITY: INITIAL },
    criu: "answers",
  },
  {
    name: "unshare -Ur: the pid and mount namespaces are the host's",
    enter: through("unshare", "-Ur"),
    changes: { ...UFFD, CAPABILITY: `${INITIAL} ${NET} ${IPC} ${PID} ${MOUNTS}` },
    otherwise: {
      move_mount_set_group: "criu tries it among the mounts that it finds, which belong to the host's root",
    },
    criu: "refuses",
  },
  {
    name: "root of the host in namespaces of its own, the loopback down",
    enter: through("unshare", "-pfnmiuC", "--mount-proc"),
    changes: { DEVICE: "tcp_half_closed" },
    criu: "refuses",
  },
  {
    name: "root of the host in namespaces of its own, the loopback up",
    enter: through("unshare", "-pfnmiuC", "--mount-proc", ...LOOPBACK_UP),
    criu: "answers",
  },
  {
    name: "a pid namespace with the /proc of another",
    enter: through("unshare", "-pf"),
    // The child is another one in this /proc, or none.
    changes: { INCONCLUSIVE: "timens overlayfs_maps autofs" },
    otherwise: Object.fromEntries(
      ["timens", "overlayfs_maps", "autofs"].map((
        id,
      ) => [id, "a task reads of itself in any /proc, not of another one"]),
    ),
  },
  ...["user", "mnt", "pid", "net", "cgroup", "time"].map((kind): Row => ({
    // Written inside: the limit of a user namespace binds what is made below it and in it.
    name: `user.max_${kind}_namespaces=0 in a user namespace of its own`,
    enter: through(
      "unshare",
      "-Urpfnmi",
      "--mount-proc",
      "sh",
      "-e",
      "-c",
      `echo 0 >/proc/sys/user/max_${kind}_namespaces; exec "$0" "$@"`,
    ),
    changes: {
      CAPABILITY: INITIAL.split(" ").filter((id) => kind !== "mnt" || id !== "autofs").join(" "),
      DEVICE: "tcp_half_closed",
      SYSCTL: `${UFFD.SYSCTL} ${LIMITED[kind]}`,
    },
  })),
];

surroundings(ROWS);
