/** Containers by runc, as docker, podman and rootless engines make them; and sandboxes by bubblewrap. */
import assert from "node:assert/strict";
import { run } from "../cli/binary.ts";
import { container, sandboxed } from "./surroundings.ts";
import { type Changes, type Row, surroundings } from "./table.ts";
import { DOCKER_CAPABILITIES, made, PODMAN_CAPABILITIES } from "./container.ts";
import { allowing, DOCKER, ENOSYS, withDefault } from "./seccomp.ts";
import { NO_PTRACE_SYSCTL, ROOTS_CAPABILITIES } from "./machine.ts";

const SYSCTL = NO_PTRACE_SYSCTL;
const NET_ADMIN = "tcp_repair tcp_repair_window tcp_half_closed sk_ns sk_unix_file newifindex";
/** CAP_SYS_ADMIN over the initial user namespace, or over any. */
const INITIAL = "seccomp_suspend seccomp_filters";
const SYS_ADMIN = "clone_parent_newpid cgroupns timens network_lock_nftables link_nsid move_mount_set_group " +
  "overlayfs_maps autofs";
/** What docker's profile does not allow and no capability explains. */
const FILTERED = "kcmp kcmp_epoll pidfd_store clone3_set_tid userns";
const WITHOUT: Changes = {
  CAPABILITY: `map_files uffd_noncoop ${NET_ADMIN} ${INITIAL} ${SYS_ADMIN}`,
  MOUNT: "ns_last_pid ipc_next_id",
  DEVICE: "tun tun_ns",
  SYSCTL,
};
const DEFAULT: Changes = { ...WITHOUT, SECCOMP: FILTERED };
const TUN = [{ path: "/dev/net/tun", major: 10, minor: 200 }];
/** What docker's profile allows in addition with CAP_SYS_ADMIN, as far as it matters here. */
const WITH_SYS_ADMIN = allowing(
  DOCKER,
  "clone clone3 unshare setns mount umount2 move_mount open_tree fsopen fsmount fsconfig pivot_root",
);
const RUNC: readonly Row[] = [
  {
    name: "docker's default",
    enter: container({ capabilities: DOCKER_CAPABILITIES, seccomp: DOCKER }),
    changes: DEFAULT,
    criu: "refuses",
  },
  {
    name: "docker with seccomp=unconfined",
    enter: container({ capabilities: DOCKER_CAPABILITIES }),
    changes: { ...WITHOUT, CAPABILITY: `${WITHOUT.CAPABILITY} clone3_set_tid` },
  },
  {
    name: "docker, uid 1000 and no_new_privs",
    enter: container({ capabilities: DOCKER_CAPABILITIES, seccomp: DOCKER, uid: 1000, noNewPrivileges: true }),
    changes: DEFAULT,
  },
  {
    name: "docker with userns-remap",
    enter: container({ capabilities: DOCKER_CAPABILITIES, seccomp: DOCKER, userNamespace: true }),
    changes: DEFAULT,
  },
  {
    name: "docker with the host's network",
    enter: container({ capabilities: DOCKER_CAPABILITIES, seccomp: DOCKER, shared: ["network"] }),
    changes: DEFAULT,
  },
  {
    name: "docker with a TUN device and CAP_NET_ADMIN",
    enter: container({ capabilities: [...DOCKER_CAPABILITIES, "CAP_NET_ADMIN"], seccomp: DOCKER, devices: TUN }),
    changes: { ...DEFAULT, CAPABILITY: `map_files uffd_noncoop ${INITIAL} ${SYS_ADMIN}`, DEVICE: "" },
  },
  {
    name: "docker with CAP_SYS_ADMIN",
    enter: container({
      capabilities: [...DOCKER_CAPABILITIES, "CAP_SYS_ADMIN"],
      seccomp: WITH_SYS_ADMIN,
    }),
    changes: {
      ...WITHOUT,
      CAPABILITY: `uffd_noncoop ${NET_ADMIN} network_lock_nftables link_nsid timens`,
      SECCOMP: `kcmp kcmp_epoll pidfd_store ${INITIAL}`,
    },
  },
  {
    name: "docker with CAP_CHECKPOINT_RESTORE, unconfined and unmasked",
    enter: container({ capabilities: [...DOCKER_CAPABILITIES, "CAP_CHECKPOINT_RESTORE"], unmasked: true }),
    changes: { ...WITHOUT, CAPABILITY: `uffd_noncoop ${NET_ADMIN} ${INITIAL} ${SYS_ADMIN}`, MOUNT: "" },
  },
  {
    name: "docker with --privileged and a TUN device",
    enter: container({ capabilities: ROOTS_CAPABILITIES, unmasked: true, devices: TUN }),
    criu: "answers",
  },
  {
    name: "podman's capabilities, and ENOSYS for all that is not on the list",
    enter: container({ capabilities: PODMAN_CAPABILITIES, seccomp: withDefault(DOCKER, ENOSYS) }),
    changes: {
      ...WITHOUT,
      CAPABILITY: `map_files ${NET_ADMIN} ${INITIAL}`,
      SECCOMP: `${FILTERED} ${SYS_ADMIN} uffd uffd_noncoop`,
      SYSCTL: "",
    },
  },
];

const BUBBLEWRAP: readonly Row[] = [
  {
    name: "bubblewrap as root, with all namespaces",
    enter: sandboxed(),
    changes: { CAPABILITY: `map_files uffd_noncoop autofs ${INITIAL}`, DEVICE: "tun tun_ns", SYSCTL },
  },
  {
    name: "bubblewrap as another user, with all namespaces",
    enter: sandboxed("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    changes: {
      CAPABILITY: `map_files ns_last_pid ipc_next_id clone3_set_tid uffd_noncoop ${NET_ADMIN} ${INITIAL} ${SYS_ADMIN}`,
      DEVICE: "tun tun_ns",
      SYSCTL,
    },
  },
];

surroundings([...RUNC, ...BUBBLEWRAP]);

Deno.test("contained: nothing of the containers is left", async () => {
  const groups = await run(["find", "/sys/fs/cgroup", "-maxdepth", "4", "-name", "cready-container-*"]);
  const where = [groups.stdout, await Deno.readTextFile("/proc/self/mountinfo"), ...names("/tmp")].join("\n");
  assert.deepEqual(made.filter((id) => where.includes(id)), []);
});

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name);
}
