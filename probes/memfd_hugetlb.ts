import { Fd } from "../ffi/fd.ts";
import { SysError } from "../ffi/errno.ts";
import { defineProbe, inconclusive, supported, unsupported } from "./probe.ts";

const MFD_CLOEXEC = 1;
const MFD_HUGETLB = 4;
/** linux/magic.h */
const HUGETLBFS_MAGIC = 0x958458f6;

export default defineProbe({
  id: "memfd_hugetlb",
  criuName: "memfd_hugetlb",
  title: "memfd_create(2) with MFD_HUGETLB",
  category: "EXTRA",
  subject: "KERNEL",
  since: "4.14",
  impact: "no process with a memfd of huge pages can be restored",
  kconfig: ["CONFIG_HUGETLBFS", "CONFIG_MEMFD_CREATE"],
  modules: [],
  // CRIU never gives MFD_NOEXEC_SEAL, and Linux 6.3 to 6.5 refuse at 2 what lacks it; newer ones add it by themselves.
  rights: [{ sysctl: "vm/memfd_noexec", max: 1 }],
  mend: "boot Linux 4.14 or newer built with CONFIG_HUGETLBFS=y",
  references: [
    "man:memfd_create(2)",
    "linux:fs/hugetlbfs/inode.c hugetlb_file_setup",
    "criu:kerndat_has_memfd_hugetlb",
  ],
  autoloads: [],
  criuFaults: [],
  absentOn: ["ENOSYS", "EINVAL"],
  run({ sys, host }) {
    const name = sys.memory.cstring("");
    const text = 'memfd_create("", MFD_HUGETLB)';
    const made = sys.look(text, name, MFD_HUGETLB | MFD_CLOEXEC);
    if (made >= 0) {
      const at = sys.memory.alloc(120); // struct statfs, f_type first
      sys.call("fstatfs", made, at);
      // Not closed: it is somebody else's.
      if (sys.memory.u32(at) !== HUGETLBFS_MAGIC) return inconclusive(`${text} answers ${made}, which is no such file`);
      using _file = new Fd(sys, made);
      return supported();
    }
    const error = new SysError(text, -made);
    // ENOENT: hugetlbfs is built in, but no instance of the default size was mounted at boot (ENODEV: of any size).
    if (!host.filtered && (error.code === "ENOENT" || error.code === "ENODEV")) {
      return unsupported(`${error.message}: this machine gives the kernel no huge pages`, [{
        cause: "DEVICE",
        why: "hugetlbfs has no instance of the default page size: the processor or the hypervisor has no huge pages",
        text: "run on a processor, or under a hypervisor, that has huge pages",
        command: null,
      }]);
    }
    throw error;
  },
});
