import { SysError } from "../ffi/errno.ts";
import { AT_FDCWD } from "../ffi/uapi.ts";
import { blocked, defineProbe, type Kernel, type Remedy } from "./probe.ts";
import { askWritable } from "./procfs.ts";

const PATH = "/proc/sys/kernel/sem_next_id";

const STATX_MODE = 2;

/** Before Linux 5.16 the file is root's alone (0644), whatever capabilities another user has. */
function rootOnly({ sys, host }: Kernel): Remedy | undefined {
  if (!host.has("CAP_CHECKPOINT_RESTORE") && !host.has("CAP_SYS_ADMIN")) return undefined;
  const at = sys.memory.alloc(256); // struct statx, stx_mode at 28
  const result = sys.try("statx", AT_FDCWD, sys.memory.cstring(PATH), 0, STATX_MODE, at);
  if (result < 0 || (sys.memory.u16(at + 28) & 0o222) !== 0o200) return undefined;
  const why = `${PATH} is writable by root of the initial user namespace only, capabilities do not count`;
  return { cause: "CAPABILITY", why, text: "run as root of the host, or boot Linux 5.16 or newer", command: null };
}

export default defineProbe({
  id: "ipc_next_id",
  criuName: null,
  title: "writing kernel.sem_next_id",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.8",
  impact: "System V semaphores, message queues and shared memory cannot be restored with their ids",
  kconfig: ["CONFIG_CHECKPOINT_RESTORE", "CONFIG_SYSVIPC", "CONFIG_SYSVIPC_SYSCTL", "CONFIG_PROC_SYSCTL"],
  modules: [],
  rights: [
    { writable: PATH },
    { capability: ["CAP_CHECKPOINT_RESTORE", "CAP_SYS_ADMIN"], over: "ipc" },
  ],
  mend: "boot a kernel built with CONFIG_CHECKPOINT_RESTORE=y, CONFIG_SYSVIPC=y and CONFIG_PROC_SYSCTL=y",
  references: ["man:proc(5)", "linux:ipc/ipc_sysctl.c ipc_permissions", "criu:check_ipc"],
  autoloads: [],
  criuFaults: [{
    when: ["UNSUPPORTED", "BLOCKED", "INCONCLUSIVE"],
    applies: (_answer, evidence) => evidence.some(({ call, answer }) => call === "geteuid()" && answer !== "0"),
    says: "SUPPORTED",
    why: "as non-root it does not look at all and says yes",
    reproduce: "criu --unprivileged check as a user with CAP_CHECKPOINT_RESTORE in a user namespace of its own",
  }],
  absentOn: ["ENOENT"],
  run(kernel) {
    kernel.sys.look("geteuid()"); // criu looks only when it is 0
    try {
      // Linux 5.16 to 5.18 decide about the capability at the write, the others when the file is opened.
      return askWritable(kernel, PATH);
    } catch (error) {
      const cause = error instanceof SysError && error.code === "EACCES" ? rootOnly(kernel) : undefined;
      if (!cause) throw error;
      return blocked((error as SysError).message, cause);
    }
  },
});
