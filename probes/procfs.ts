import type { Fd } from "../ffi/fd.ts";
import { SysError } from "../ffi/errno.ts";
import { O_RDWR, PROC_SUPER_MAGIC } from "../ffi/uapi.ts";
import { type Answer, blocked, inconclusive, type Kernel, type Remedy, supported } from "./probe.ts";

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
 * Why a path below /proc is not there although the kernel may have it: another mount covers a folder above it, or
 * /proc shows processes only; undefined where procfs itself does not have it.
 */
export function hiddenProc(kernel: Kernel, path: string): Remedy | undefined {
  for (let folder = path; folder !== "/proc";) {
    folder = folder.slice(0, folder.lastIndexOf("/"));
    try {
      using open = kernel.sys.open(folder);
      const covered = coveredProc(kernel, open, folder);
      if (covered || folder !== "/proc") return covered;
    } catch (error) {
      if (!(error instanceof SysError) || error.code !== "ENOENT") throw error;
    }
  }
  if (!kernel.host.mountOptions("/proc")?.includes("subset=pid")) return undefined;
  const why = "/proc is mounted with subset=pid, so it shows processes only";
  return { cause: "MOUNT", why, text: "mount /proc without it", command: null };
}

/**
 * Whether this process may write a sysctl whose permission the kernel decides when it is written: an `x` is
 * written, which is refused with EPERM before it is looked at, or with EINVAL after, and never changes the value.
 */
export function askWritable(kernel: Kernel, path: string): Answer {
  const { sys } = kernel;
  try {
    using file = sys.open(path, O_RDWR);
    const covered = coveredProc(kernel, file, path);
    if (covered) return blocked(`${path} is not the kernel's`, covered);
    const call = `write(${path}, "x")`;
    const written = sys.look(call, file.number, sys.memory.cstring("x"), 1);
    if (written === -22 /* EINVAL */) return supported();
    if (written < 0) throw new SysError(call, -written);
    return inconclusive(`${call} answers ${written}, though it is not a number`);
  } catch (error) {
    const hidden = error instanceof SysError && error.code === "ENOENT" ? hiddenProc(kernel, path) : undefined;
    if (!hidden) throw error;
    return blocked((error as SysError).message, hidden);
  }
}
