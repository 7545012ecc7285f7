import { Fd } from "../ffi/fd.ts";
import { tryReadText } from "../ffi/files.ts";
import type { Sys } from "../ffi/sys.ts";
import { AT_EMPTY_PATH } from "../ffi/uapi.ts";
import { readStatx, type Statx, STATX_MASK, STATX_SIZE } from "../proc/statx.ts";
import type { Tree } from "./tree.ts";

const MFD_CLOEXEC = 1;
const DEVICE = new WeakMap<Tree, number | null>();

/** Whether a file lies where the kernel keeps anonymous shared memory: criu takes all of that for a memfd. */
export function isSharedMemory(tree: Tree, stat: Statx): boolean {
  let minor = DEVICE.get(tree);
  if (minor === undefined) DEVICE.set(tree, minor = sharedMemoryDevice(tree.around.sys));
  return stat.major === 0 && stat.minor === minor;
}

/** The minor number of that mount's device (its major one is 0), as a memfd of one's own shows it. */
function sharedMemoryDevice(sys: Sys): number | null {
  const { memory } = sys;
  const mark = memory.mark();
  try {
    const result = sys.try("memfd_create", memory.cstring("cready"), MFD_CLOEXEC);
    if (result < 0) return null;
    using own = new Fd(sys, result);
    const at = memory.alloc(STATX_SIZE);
    if (sys.try("statx", own.number, memory.cstring(""), AT_EMPTY_PATH, STATX_MASK, at) < 0) return null;
    return readStatx(memory, at).minor;
  } finally {
    memory.release(mark);
  }
}

/** Whether a page of a size is free, or the kernel would make one: criu maps one to learn the device. */
export function hasFreeHugePage(sys: Sys, size: number): boolean {
  const count = (name: string) =>
    Number(tryReadText(sys, `/sys/kernel/mm/hugepages/hugepages-${size / 1024}kB/${name}`)?.trim() ?? 0);
  if (count("free_hugepages") > count("resv_hugepages")) return true;
  return count("nr_overcommit_hugepages") > count("surplus_hugepages");
}

/** Whether a file that lies on no mount is a memfd in huge pages; call it for what is no shared memory. */
export function isHugePageFile(link: string, { major }: Statx): boolean {
  return major === 0 && /^\/(?:memfd:|anon_hugepage)/.test(link);
}
