import type { Fd } from "../ffi/fd.ts";
import { SysError } from "../ffi/errno.ts";
import { PROC_SUPER_MAGIC } from "../ffi/uapi.ts";
import { type Answer, blocked, type Kernel, type Remedy, supported, unsupported } from "./probe.ts";

const O_RDWR = 2;
const UNMASKED =
  "run on the host, or in a container started with unmasked system paths (docker: --security-opt systempaths=unconfined)";

/** The cause where an open file or folder of /proc is not procfs's own: container engines cover some of them. */
export function coveredProc({ sys }: Kernel, file: Fd, path: string): Remedy | undefined {
  const { memory } = sys;
  const mark = memory.mark();
  const at = memory.alloc(120); // struct statfs, f_type first
  const result = sys.try("fstatfs", file.number, at);
  const type = memory.u32(at);
  memory.release(mark);
  if (result < 0 || type === PROC_SUPER_MAGIC) return undefined;
  return { cause: "MOUNT", why: `another mount covers ${path}, as in containers`, text: UNMASKED, command: null };
}

/**
 * Whether this process may write a sysctl whose permission the kernel decides when it is written: an `x` is
 * written, which is refused with EPERM before it is looked at, or with EINVAL after, and never changes the value.
 */
export function askWritable(kernel: Kernel, path: string): Answer {
  const { sys, host } = kernel;
  const folder = path.slice(0, path.lastIndexOf("/"));
  using _folder = openFolder(kernel, folder);
  if (!_folder) {
    const why = "/proc is mounted with subset=pid, which hides /proc/sys";
    return host.mountOptions("/proc")?.includes("subset=pid")
      ? blocked(`open(${folder}): ENOENT`, { cause: "MOUNT", why, text: "mount /proc without it", command: null })
      : unsupported(`open(${folder}): ENOENT`);
  }
  const covered = coveredProc(kernel, _folder, folder);
  if (covered) return blocked(`${folder} is not the kernel's`, covered);
  using file = sys.open(path, O_RDWR);
  const fileCovered = coveredProc(kernel, file, path);
  if (fileCovered) return blocked(`${path} is not the kernel's`, fileCovered);
  const call = `write(${path}, "x")`;
  const written = sys.look(call, file.number, sys.memory.cstring("x"), 1);
  if (written === -22 /* EINVAL */) return supported();
  if (written < 0) throw new SysError(call, -written);
  return { verdict: "INCONCLUSIVE", reason: `${call} answers ${written}, though it is not a number` };
}

function openFolder({ sys }: Kernel, path: string): Fd | null {
  try {
    return sys.open(path);
  } catch (error) {
    if (error instanceof SysError && error.code === "ENOENT") return null;
    throw error;
  }
}
