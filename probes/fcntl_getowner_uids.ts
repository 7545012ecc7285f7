import { F_GETOWNER_UIDS } from "../ffi/uapi.ts";
import { defineProbe, inconclusive, supported } from "./probe.ts";

const F_SETOWN = 8;
/** What is told of a user that our user namespace does not know; getuid(2) says another number then. */
const UNMAPPED = 0xffffffff;

export default defineProbe({
  id: "fcntl_getowner_uids",
  criuName: null,
  title: "fcntl(F_GETOWNER_UIDS)",
  category: "REQUIRED",
  subject: "KERNEL",
  since: "3.6",
  impact: "descriptors that send SIGIO cannot be restored: on whose behalf they do it cannot be read",
  kconfig: ["CONFIG_CHECKPOINT_RESTORE"],
  modules: [],
  rights: [],
  mend: "boot Linux 3.6 or newer built with CONFIG_CHECKPOINT_RESTORE=y",
  references: ["linux:fs/fcntl.c f_getowner_uids", "criu:check_fcntl"],
  autoloads: [],
  criuFaults: [],
  absentOn: ["EINVAL"],
  run({ sys, pid }) {
    const { memory } = sys;
    const [reader, writer] = sys.pipe();
    using _reader = reader;
    using _writer = writer;
    sys.call("fcntl", reader.number, F_SETOWN, pid);
    const uids = memory.store(new Array(8).fill(0xfe)); // uid_t real, effective
    sys.ask("fcntl(pipe, F_GETOWNER_UIDS)", reader.number, F_GETOWNER_UIDS, uids);
    const told = [memory.u32(uids), memory.u32(uids + 4)], wanted = [sys.call("getuid"), sys.call("geteuid")];
    return told.every((uid, i) => uid === wanted[i] || uid === UNMAPPED)
      ? supported()
      : inconclusive(`fcntl(pipe, F_GETOWNER_UIDS) tells ${told.join(" and ")}, not ${wanted.join(" and ")}`);
  },
});
