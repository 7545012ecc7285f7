import { DEFAULT_PATH } from "./command.ts";
import { SysError } from "./errno.ts";
import { access } from "./files.ts";
import { struct } from "./struct.ts";
import type { Sys } from "./sys.ts";
import { AT_FDCWD } from "./uapi.ts";

const X_OK = 1;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const GROUP_OR_OTHERS_WRITE = 0o022;
const STATX_BASIC_STATS = 0x7ff;
const STATX_TYPE = 0x1;
const STATX = struct("statx", 256, { mask: [0, "u32"], uid: [20, "u32"], mode: [28, "u16"] });

/** Where a program is, or why none that was found may be run. */
export interface FoundProgram {
  /** Absolute; null when there is none that cready runs. */
  readonly path: string | null;
  /** Why the first one found is not run, a clause; null when none was found, or one may be run. */
  readonly refused: string | null;
}

/**
 * Looks a program up in PATH as execvp(3) does, but not in the current folder: empty and relative entries are
 * passed over, because cready may run as root wherever somebody else wrote files. For the same reason root runs
 * no file that anybody else may write.
 */
export function findProgram(sys: Sys, name: string): FoundProgram {
  let refused: string | null = null;
  for (const folder of (sys.libc.getenv("PATH") ?? DEFAULT_PATH).split(":")) {
    if (!folder.startsWith("/")) continue;
    const path = `${folder.replace(/\/+$/, "")}/${name}`;
    if (access(sys, path, X_OK) < 0) continue;
    const fault = unsafe(sys, path);
    if (fault === null) return { path, refused: null };
    if (fault !== "") refused ??= `${path} ${fault}`;
  }
  return { path: null, refused };
}

/** Why a file must not be run, null if it may, empty where it is no program at all. */
function unsafe(sys: Sys, path: string): string | null {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const stat = STATX.pack(memory);
    const result = sys.try("statx", AT_FDCWD, memory.cstring(path), 0, STATX_BASIC_STATS, stat);
    if (result < 0) return `cannot be looked at (${new SysError("statx()", -result).code})`;
    // A seccomp filter can answer in the kernel's place, and writes nothing.
    if ((STATX.get(memory, stat, "mask") & STATX_TYPE) === 0) return "cannot be looked at (statx() tells no type)";
    const mode = STATX.get(memory, stat, "mode");
    if ((mode & S_IFMT) !== S_IFREG) return "";
    if (sys.try("geteuid") !== 0) return null;
    if (STATX.get(memory, stat, "uid") !== 0) return "belongs to another user than root";
    return (mode & GROUP_OR_OTHERS_WRITE) === 0 ? null : "may be written by others than root";
  } finally {
    memory.release(mark);
  }
}
