import { struct } from "../ffi/struct.ts";
import { AT_FDCWD, O_CLOEXEC, O_PATH } from "../ffi/uapi.ts";
import { Fd } from "../ffi/fd.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";

/** Stay on the mount where the path begins (linux/openat2.h): what CRIU asks it for. */
const RESOLVE_NO_XDEV = 1;
const F_GETFL = 3;
const OPEN_HOW = struct("open_how", 24, { flags: [0, "u64"], mode: [8, "u64"], resolve: [16, "u64"] });

export default defineProbe({
  id: "openat2",
  criuName: "openat2",
  title: "openat2(2)",
  category: "EXTRA",
  subject: "KERNEL",
  since: "5.6",
  impact: "the new mount engine is not used, and mounts with intricate sharing cannot be restored",
  kconfig: [],
  modules: [],
  rights: [],
  mend: "boot Linux 5.6 or newer",
  references: ["man:openat2(2)", "linux:fs/open.c", "criu:kerndat_has_openat2"],
  autoloads: [],
  criuFaults: [{
    when: ["BLOCKED", "INCONCLUSIVE"],
    applies: (_answer, evidence) => evidence.some(({ errno }) => errno !== null && errno !== "ENOSYS"),
    says: "SUPPORTED",
    why: "it takes every errno but ENOSYS for a yes, also the EPERM of a seccomp filter",
    reproduce: "criu check --feature openat2 under a seccomp filter that answers openat2 with EPERM",
  }],
  absentOn: ["ENOSYS"],
  run({ sys }) {
    const how = OPEN_HOW.pack(sys.memory, { flags: O_PATH | O_CLOEXEC, resolve: RESOLVE_NO_XDEV });
    const path = sys.memory.cstring(".");
    const call = 'openat2(".", O_PATH, RESOLVE_NO_XDEV)';
    const fd = sys.ask(call, AT_FDCWD, path, how, OPEN_HOW.size);
    // Not closed: it is somebody else's.
    if ((sys.try("fcntl", fd, F_GETFL) & O_PATH) === 0) {
      return inconclusive(`${call} answers ${fd}, which it did not open`);
    }
    using _opened = new Fd(sys, fd);
    return supported();
  },
});
