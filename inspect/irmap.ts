import { SysError } from "../ffi/errno.ts";
import type { ProcDir } from "../proc/dir.ts";
import { kdev, S_IFDIR, S_IFMT } from "../proc/statx.ts";
import { argumentsOf, type DumpPlan } from "./plan.ts";

/** Where criu looks for a watched file that its handle does not lead to, after --irmap-scan-path (criu/irmap.c). */
const HINTS = [
  "/etc",
  "/var/spool",
  "/var/log",
  "/usr/share/dbus-1/services",
  "/usr/share/dbus-1/system-services",
  "/var/lib/polkit-1/localauthority",
  "/usr/share/polkit-1/actions",
  "/lib/udev",
];
/** No more names than this are looked at: then it is not known whether criu finds the file. */
const LIMIT = 50_000;

/** Looks for a file by device (`kdev`) and inode where criu would. Returns its path, false for none, null past the limit. */
export function irmapLookUp(root: ProcDir, plan: DumpPlan, device: number, ino: bigint): string | false | null {
  let left = LIMIT;
  const given = argumentsOf(plan, "irmap-scan-path");
  for (const start of [...given, ...HINTS, "/."]) {
    const stack = [start];
    for (let path; (path = stack.pop()) !== undefined;) {
      if (left-- <= 0) return null;
      const found = quietly(() => root.statx(`.${path}`, true));
      if (!found) continue;
      if (kdev(found.major, found.minor) === device && found.ino === ino) return path;
      if (start === "/." || (found.mode & S_IFMT) !== S_IFDIR) continue;
      for (const name of (quietly(() => root.names(`.${path}`)) ?? []).reverse()) stack.push(`${path}/${name}`);
    }
  }
  return false;
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}
