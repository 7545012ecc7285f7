import { MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE } from "../ffi/uapi.ts";
import { defineProbe, supported } from "./probe.ts";

export default defineProbe({
  id: "map_files",
  criuName: null,
  title: "/proc/PID/map_files",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.3",
  impact: "no file-backed or shared mapping can be dumped: its file cannot be opened by the mapping",
  kconfig: ["CONFIG_PROC_FS", "CONFIG_CHECKPOINT_RESTORE"],
  modules: [],
  rights: [{ capability: ["CAP_CHECKPOINT_RESTORE", "CAP_SYS_ADMIN"], over: "initial" }],
  mend: "boot Linux 4.3 or newer; before, CONFIG_CHECKPOINT_RESTORE=y is needed",
  references: ["man:proc_pid_map_files(5)", "linux:fs/proc/base.c", "criu:check_map_files"],
  autoloads: [],
  criuFaults: [{
    when: ["BLOCKED"],
    says: "SUPPORTED",
    why: "it looks at the folder's mode only; following one of the links takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN",
    reproduce: "criu --unprivileged check without either capability over the initial user namespace",
  }],
  absentOn: ["ENOENT"],
  run({ sys }) {
    const address = sys.mmap(sys.page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
    try {
      const range = `${address.toString(16)}-${(address + sys.page).toString(16)}`;
      // The folder first: without it the link's ENOENT would look the same, with it ENOENT means the link.
      using _folder = sys.open("/proc/self/map_files");
      using _file = sys.open(`/proc/self/map_files/${range}`, 0, "open(/proc/self/map_files/START-END)");
      sys.note("open(/proc/self/map_files/START-END)", "the mapping's file");
      return supported();
    } finally {
      sys.try("munmap", address, sys.page);
    }
  },
});
