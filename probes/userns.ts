import { SysError } from "../ffi/errno.ts";
import { CLONE_NEWUSER } from "../ffi/uapi.ts";
import type { Host } from "../host/host.ts";
import { namespaceReader } from "./cgroupns.ts";
import { type Answer, blocked, defineProbe, inconclusive, supported } from "./probe.ts";
import { mapSize } from "./prctl_mm_map.ts";
import { TRACING } from "./rights.ts";

const PR_CAPBSET_DROP = 24;
const CAP_SYS_BOOT = 22;

/** The kernel lets nobody make a user namespace in a chroot: there, no mount is on the root folder. */
function refusedInChroot(error: unknown, host: Host): Answer {
  const mounts = host.read("/proc/self/mountinfo");
  const chroot = mounts !== undefined && !/^\d+ \d+ \S+ \S+ \/ /m.test(mounts);
  if (!(error instanceof SysError) || error.code !== "EPERM" || !chroot) throw error;
  return blocked(error.message, {
    cause: "MOUNT",
    why: "this process runs in a chroot, where the kernel permits nobody to make a user namespace",
    text: "run it outside of the chroot, or in a root made with pivot_root",
    command: null,
  });
}

export default defineProbe({
  id: "userns",
  criuName: "userns",
  title: "user namespaces that can be restored",
  category: "EXTRA",
  subject: "KERNEL",
  since: "3.18",
  impact: "containers with a user namespace of their own cannot be restored",
  kconfig: ["CONFIG_USER_NS", "CONFIG_CHECKPOINT_RESTORE"],
  modules: [],
  rights: [
    { sysctl: "user/max_user_namespaces", min: 1 },
    { sysctl: "kernel/unprivileged_userns_clone", min: 1, unless: "CAP_SYS_ADMIN" },
    { sysctl: "kernel/apparmor_restrict_unprivileged_userns", max: 0, unless: "CAP_SYS_ADMIN" },
    ...TRACING,
  ],
  mend: "boot Linux 3.18 or newer built with CONFIG_USER_NS=y and CONFIG_CHECKPOINT_RESTORE=y",
  references: ["man:user_namespaces(7)", "linux:kernel/user_namespace.c create_user_ns", "criu:check_userns"],
  autoloads: [],
  criuFaults: [{
    when: ["BLOCKED"],
    says: "SUPPORTED",
    why: "it looks whether the file is there, not whether such a namespace may be made here",
    reproduce: "criu check --feature userns with sysctl user.max_user_namespaces=0",
  }],
  absentOn: ["ENOENT", "EINVAL"],
  run(kernel) {
    mapSize(kernel);
    const namespace = namespaceReader(kernel, "user");
    using child = kernel.subject();
    const before = namespace(child);
    try {
      child.sys.ask("unshare(CLONE_NEWUSER)", CLONE_NEWUSER);
    } catch (error) {
      return refusedInChroot(error, kernel.host);
    }
    if (namespace(child) === before) return inconclusive("unshare(CLONE_NEWUSER) answers 0 and changes nothing");
    // Ubuntu's AppArmor lets anybody make the namespace and takes the capabilities in it away.
    child.sys.ask("prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT) in the new namespace", PR_CAPBSET_DROP, CAP_SYS_BOOT);
    return supported();
  },
});
