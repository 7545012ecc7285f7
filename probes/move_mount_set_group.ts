import { SysError } from "../ffi/errno.ts";
import { AT_FDCWD, MS_BIND, MS_SHARED } from "../ffi/uapi.ts";
import { mountCall, mountChild, MOUNTING, ROOM } from "./mount_child.ts";
import { type Answer, defineProbe, inconclusive, type Kernel, supported } from "./probe.ts";
import { notAskedUnprivileged, noteUser } from "./unprivileged.ts";

const MOVE_MOUNT_SET_GROUP = 0x100;
const ENOENT = 2;

export default defineProbe({
  id: "move_mount_set_group",
  criuName: "move_mount_set_group",
  title: "move_mount(2) with MOVE_MOUNT_SET_GROUP",
  category: "EXTRA",
  subject: "KERNEL",
  since: "5.15",
  impact: "the new mount engine is not used, and mounts with intricate sharing cannot be restored",
  kconfig: [],
  modules: [],
  rights: [{ capability: "CAP_SYS_ADMIN", over: "mnt" }, ...MOUNTING],
  mend: "boot Linux 5.15 or newer",
  references: ["man:mount_namespaces(7)", "linux:fs/namespace.c do_set_group", "criu:kerndat_has_move_mount_set_group"],
  autoloads: [],
  criuFaults: [notAskedUnprivileged("move_mount_set_group")],
  absentOn: ["EINVAL", "ENOSYS"],
  run(kernel) {
    const { sys } = kernel;
    noteUser(kernel);
    const nowhere = sys.memory.cstring("");
    const trick = 'move_mount("", "", MOVE_MOUNT_SET_GROUP)';
    // The rights over our own mounts, then the flag, then the paths: this one is nowhere.
    const refused = sys.look(trick, AT_FDCWD, nowhere, AT_FDCWD, nowhere, MOVE_MOUNT_SET_GROUP);
    if (refused !== -ENOENT) {
      if (refused < 0) throw new SysError(trick, -refused);
      return inconclusive(`${trick} answers ${refused} instead of ENOENT`);
    }
    try {
      return setGroup(kernel);
    } catch (error) {
      // The flag is known: an errno that would prove the opposite means something else from here on.
      if (error instanceof SysError && (error.code === "EINVAL" || error.code === "ENOSYS")) {
        return inconclusive(error.message);
      }
      throw error;
    }
  },
});

/** Does it: a mount of the child's own joins the group of another one. */
function setGroup(kernel: Kernel): Answer {
  const { memory } = kernel.sys;
  const room = memory.cstring(ROOM);
  const folder = memory.cstring(`${ROOM}/a`);
  const ramfs = mountCall(kernel, "ramfs", ROOM);
  const bind = mountCall(kernel, "", `${ROOM}/a`, MS_BIND, "", `${ROOM}/a`);
  const share = mountCall(kernel, "", ROOM, MS_SHARED);
  using child = mountChild(kernel);
  child.sys.ask(ramfs.text, ...ramfs.args);
  child.sys.call("mkdirat", AT_FDCWD, folder, 0o700);
  child.sys.call("mount", ...bind.args);
  child.sys.call("mount", ...share.args);
  const text = "move_mount(a shared mount, a private mount, MOVE_MOUNT_SET_GROUP)";
  child.sys.ask(text, AT_FDCWD, room, AT_FDCWD, folder, MOVE_MOUNT_SET_GROUP);
  return supported();
}
