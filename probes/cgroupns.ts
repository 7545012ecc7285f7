import { SysError } from "../ffi/errno.ts";
import type { Subject } from "../ffi/subject.ts";
import { AT_FDCWD, CLONE_NEWCGROUP } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, type Kernel, supported } from "./probe.ts";
import { TRACING } from "./rights.ts";

/** How a child made afterwards tells its namespace of that kind: by itself, for /proc may be of other pids than ours. */
export function namespaceReader({ sys }: Kernel, kind: "cgroup" | "user"): (child: Subject) => string {
  const name = `/proc/self/ns/${kind}`;
  const path = sys.memory.cstring(name);
  const at = sys.memory.alloc(64);
  return (child) => {
    const size = child.sys.try("readlinkat", AT_FDCWD, path, at, 64);
    if (size < 0) throw new SysError(`readlink(${name})`, -size);
    const link = new TextDecoder().decode(child.read(at, size));
    sys.note(`readlink(${name}) in a child`, link);
    return link;
  };
}

export default defineProbe({
  id: "cgroupns",
  criuName: "cgroupns",
  title: "cgroup namespaces",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.6",
  impact: "containers with a cgroup namespace of their own cannot be restored",
  kconfig: ["CONFIG_CGROUPS"],
  modules: [],
  rights: [{ capability: "CAP_SYS_ADMIN", over: "own" }, ...TRACING],
  mend: "boot Linux 4.6 or newer built with CONFIG_CGROUPS=y",
  references: ["man:cgroup_namespaces(7)", "linux:kernel/cgroup/namespace.c", "criu:check_cgroupns"],
  autoloads: [],
  criuFaults: [{
    when: ["BLOCKED"],
    says: "SUPPORTED",
    why: "it looks whether the file is there; making the namespace takes CAP_SYS_ADMIN and a limit above 0",
    reproduce: "criu check --feature cgroupns with sysctl user.max_cgroup_namespaces=0",
  }],
  absentOn: ["ENOENT", "EINVAL"],
  run(kernel) {
    const namespace = namespaceReader(kernel, "cgroup");
    using child = kernel.subject();
    const before = namespace(child);
    child.sys.ask("unshare(CLONE_NEWCGROUP)", CLONE_NEWCGROUP);
    if (namespace(child) !== before) return supported();
    return inconclusive("unshare(CLONE_NEWCGROUP) answers 0 and leaves the cgroup namespace as it was");
  },
});
