import { SysError } from "../ffi/errno.ts";
import { entries } from "../ffi/files.ts";
import type { Sys } from "../ffi/sys.ts";
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ } from "../ffi/uapi.ts";
import { ProcDir } from "../proc/dir.ts";
import { deviceText } from "./shmem.ts";

const MAP_HUGETLB = 0x40000;
const MAP_HUGE_SHIFT = 26;

/**
 * The devices of the kernel's own hugetlbfs mounts, as maps prints them, as far as criu can learn them: it maps one
 * huge page of each size, for which one must be free (kerndat_get_hugetlb_dev).
 */
export function hugetlbDevices(sys: Sys): ReadonlySet<string> {
  const found = new Set<string>();
  for (const name of sizes(sys)) {
    const bytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0) * 1024;
    if (bytes === 0) continue;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (Math.log2(bytes) << MAP_HUGE_SHIFT);
    const address = sys.try("mmap", 0, bytes, PROT_READ, flags >>> 0, -1, 0);
    if (address < 0) continue;
    try {
      using dir = ProcDir.open(sys, "/proc/self/map_files");
      const { major, minor } = dir.statx(`${address.toString(16)}-${(address + bytes).toString(16)}`);
      found.add(deviceText(major, minor));
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
    } finally {
      sys.try("munmap", address, bytes);
    }
  }
  return found;
}

function sizes(sys: Sys): string[] {
  try {
    return entries(sys, "/sys/kernel/mm/hugepages");
  } catch (error) {
    if (error instanceof SysError) return [];
    throw error;
  }
}
