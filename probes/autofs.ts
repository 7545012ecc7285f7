import { readLink, readText } from "../ffi/files.ts";
import { mountCall, mountChild, MOUNTING, ROOM } from "./mount_child.ts";
import { defineProbe, inconclusive, supported, unsupported } from "./probe.ts";

export default defineProbe({
  id: "autofs",
  criuName: "autofs",
  title: "pipe_ino of autofs in /proc/PID/mountinfo",
  category: "EXPERIMENTAL",
  subject: "KERNEL",
  since: "4.6",
  impact: "no container with an autofs mount can be dumped",
  kconfig: ["CONFIG_AUTOFS_FS"],
  modules: ["autofs4"],
  // No user namespace but the first may mount autofs.
  rights: [...MOUNTING, { capability: "CAP_SYS_ADMIN", over: "initial" }],
  mend: "boot Linux 4.6 or newer built with CONFIG_AUTOFS_FS=y or =m",
  references: ["linux:fs/autofs/inode.c autofs_show_options", "criu:check_autofs"],
  autoloads: ["autofs4"],
  criuFaults: [{
    when: ["BLOCKED", "INCONCLUSIVE"],
    applies: (_answer, evidence) => evidence.some(({ answer }) => answer === "an autofs mount with pipe_ino"),
    says: "SUPPORTED",
    why: "it does not mount where it finds an autofs mount already, though a restore has to",
    reproduce: "criu check --feature autofs without CAP_SYS_ADMIN over the mounts, on a host with systemd's automounts",
  }],
  absentOn: ["ENODEV"],
  run(kernel) {
    const { sys } = kernel;
    // criu answers from such a mount alone.
    const old = kernel.host.read("/proc/self/mountinfo")?.split("\n").find((line) => line.includes(" autofs "));
    if (old) {
      sys.note("read(/proc/self/mountinfo)", `an autofs mount with${old.includes("pipe_ino=") ? "" : "out"} pipe_ino`);
    }
    const [reader, writer] = sys.pipe();
    using _reader = reader;
    using end = writer;
    const inode = /\[(\d+)\]/.exec(readLink(sys, `/proc/self/fd/${end.number}`))?.[1];
    const options = `fd=${end.number},minproto=5,maxproto=5,direct`;
    const mount = mountCall(kernel, "autofs", ROOM, 0, options);
    using child = mountChild(kernel);
    child.sys.ask(mount.text, ...mount.args);
    const mountinfo = readText(sys, `/proc/${child.pid}/mountinfo`);
    const line = mountinfo.split("\n").find((one) => one.includes(` ${ROOM} `) && one.includes(" - autofs cready "));
    const shown = line?.split(" ").at(-1);
    sys.note("read(/proc/CHILD/mountinfo)", shown ?? "no autofs mount");
    if (!shown) return inconclusive("/proc/CHILD/mountinfo does not show the autofs mount that the child made");
    const number = /\bpipe_ino=(\d+)/.exec(shown)?.[1];
    if (number === undefined) return unsupported(`/proc/PID/mountinfo shows autofs without pipe_ino: ${shown}`);
    if (number === inode) return supported();
    return inconclusive(`/proc/CHILD/mountinfo shows pipe_ino=${number} for the pipe ${inode ?? "without a number"}`);
  },
});
