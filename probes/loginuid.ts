import { SysError } from "../ffi/errno.ts";
import { AT_FDCWD, O_CLOEXEC, O_RDWR } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";
import { missingRight, TRACING } from "./rights.ts";
import { notAskedUnprivileged, noteUser } from "./unprivileged.ts";

const PATH = "/proc/self/loginuid";
/** What the file has where nobody logged in: (uid_t) -1. */
const UNSET = "4294967295";

export default defineProbe({
  id: "loginuid",
  criuName: "loginuid",
  title: "audit login uid that can be unset and set",
  category: "EXTRA",
  subject: "KERNEL",
  since: "3.13",
  impact: "restored processes lose the login uid by which the audit log knows them",
  kconfig: ["CONFIG_AUDITSYSCALL", "CONFIG_AUDIT"],
  modules: [],
  rights: [{ writable: PATH }, { capability: "CAP_AUDIT_CONTROL", over: "initial" }, ...TRACING],
  mend: "boot Linux 3.13 or newer built with CONFIG_AUDIT=y and CONFIG_AUDITSYSCALL=y",
  references: ["man:pam_loginuid(8)", "linux:kernel/auditsc.c audit_set_loginuid", "criu:kerndat_loginuid"],
  autoloads: [],
  criuFaults: [notAskedUnprivileged("loginuid")],
  absentOn: ["ENOENT"],
  run(kernel) {
    const { sys, host } = kernel;
    const { memory } = sys;
    noteUser(kernel);
    const path = memory.cstring(PATH);
    const unset = memory.cstring(UNSET);
    const ours = host.read(PATH)?.trim();
    // One that this user namespace maps.
    const value = ours && ours !== UNSET ? ours : String(host.status.uids[0] ?? 0);
    const set = memory.cstring(value);
    const room = memory.alloc(16);
    // The child has a copy of ours to do with it what CRIU does with its own: unset it, then set it. Where auditing is
    // on, each leaves a record, whoever does it and however it ends; nothing else tells whether it is permitted.
    using child = kernel.subject();
    const fd = child.sys.ask(`openat(${PATH})`, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    const write = (text: string, at: number) => {
      child.sys.ask(`write(${PATH}, ${text})`, fd, at, text.length);
      const size = child.sys.call("pread64", fd, room, 16, 0);
      const got = new TextDecoder().decode(child.read(room, size)).trim();
      sys.note(`read(${PATH})`, got);
      return got === text;
    };
    try {
      if (write(UNSET, unset) && write(value, set)) return supported();
      return inconclusive(`${PATH} does not have what was written to it`);
    } catch (error) {
      if (!(error instanceof SysError) || error.code !== "EPERM" || missingRight(this.rights, host)) throw error;
      return inconclusive(`${error.message}, though CAP_AUDIT_CONTROL is held`, [{
        cause: "UNDETERMINED",
        why: "no cause could be verified; auditctl --loginuid-immutable would be one",
        text: "look whether it says loginuid_immutable 1: then only a reboot ends it",
        command: "auditctl -s",
      }]);
    }
  },
});
