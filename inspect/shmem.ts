import type { Sys } from "../ffi/sys.ts";
import { Fd } from "../ffi/fd.ts";
import { AT_EMPTY_PATH } from "../ffi/uapi.ts";
import { readStatx, STATX_MASK, STATX_SIZE } from "../proc/statx.ts";

/**
 * The device of the kernel's own tmpfs, on which anonymous shared memory and memfds lie, as maps prints it
 * (`00:01`); null where none could be made to look at.
 */
export function shmemDevice(sys: Sys): string | null {
  const { memory } = sys;
  const mark = memory.mark();
  const made = sys.try("memfd_create", memory.cstring("cready"), 1 /* MFD_CLOEXEC */);
  if (made < 0) return memory.release(mark), null;
  using fd = new Fd(sys, made);
  const at = memory.alloc(STATX_SIZE);
  const result = sys.try("statx", fd.number, memory.cstring(""), AT_EMPTY_PATH, STATX_MASK, at);
  const { major, minor } = readStatx(memory, at);
  memory.release(mark);
  return result < 0 ? null : deviceText(major, minor);
}

/** A device number as /proc/PID/maps prints it. */
export function deviceText(major: number, minor: number): string {
  return `${major.toString(16).padStart(2, "0")}:${minor.toString(16).padStart(2, "0")}`;
}
